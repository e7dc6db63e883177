package dev.skep.microvm;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where the runtime keeps things and what its guests meet.
 *
 * @param state folder of this daemon; no other daemon uses it
 * @param cache shared with other daemons: kernels, initrds, what was found out about the host
 * @param vmm by what guests run
 * @param kernel an uncompressed vmlinux of the user's, in place of Debian's
 * @param idleVms how many VMMs wait for the next restore
 * @param limits of each guest's devices
 * @param pager command that runs {@link dev.skep.snapshot.pager.PagerMain}; empty for no pager, and
 *     then restores get their memory from files
 */
public record MicroVmConfig(
    Path state,
    Path cache,
    VmmChoice vmm,
    Optional<Path> kernel,
    int idleVms,
    DeviceLimits limits,
    List<String> pager) {
  public MicroVmConfig {
    pager = List.copyOf(pager);
  }

  MicroVmConfig withIdleVms(int count) {
    return new MicroVmConfig(state, cache, vmm, kernel, count, limits, pager);
  }
}
