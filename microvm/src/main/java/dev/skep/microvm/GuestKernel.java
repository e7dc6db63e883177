package dev.skep.microvm;

import java.nio.file.Path;
import java.util.List;

/**
 * A kernel that guests boot.
 *
 * @param version for people and for keys: what makes two kernels the same
 * @param vmlinux uncompressed ELF
 * @param channelModules what the agent loads, in this order, before the host can reach it
 * @param rootModules what it loads after that, while the host dials
 */
record GuestKernel(
    String version, Path vmlinux, List<Path> channelModules, List<Path> rootModules) {
  GuestKernel {
    channelModules = List.copyOf(channelModules);
    rootModules = List.copyOf(rootModules);
  }

  /**
   * A kernel that the user brings: all that a guest needs (virtio over MMIO, EROFS, overlayfs) is
   * built in.
   */
  static GuestKernel builtByUser(Path vmlinux) {
    KernelImage.check(vmlinux);
    return new GuestKernel(vmlinux.getFileName().toString(), vmlinux, List.of(), List.of());
  }
}
