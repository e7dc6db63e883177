package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Debian's cloud kernels in the cache, one folder per package version. A folder appears complete or
 * not at all; with one here, no network is needed.
 */
final class KernelStore {
  /** What a guest needs that Debian builds as modules: first to be reached, then to have a root. */
  private static final List<String> CHANNEL = List.of("virtio_mmio", "virtio_net");

  private static final List<String> ROOT = List.of("virtio_blk", "erofs", "overlay");

  private static final Pattern DEPENDS = Pattern.compile("Depends: (linux-image-\\S+)");
  private static final Duration DOWNLOAD = Duration.ofMinutes(5);

  private final Path folder;
  private final String metaPackage;

  /**
   * @param cache its {@code kernels} folder is used
   */
  KernelStore(Path cache) {
    this.folder = cache.resolve("kernels");
    this.metaPackage =
        "linux-image-cloud-" + (System.getProperty("os.arch").equals("amd64") ? "amd64" : "arm64");
  }

  /** The kernel that was cached last, or the one that apt offers now if there is none. */
  GuestKernel ensure() {
    return cached().orElseGet(this::fetch);
  }

  Optional<GuestKernel> cached() {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> versions = Files.list(folder)) {
      return versions
          .filter(path -> Files.exists(path.resolve("vmlinux")) && !isTemporary(path))
          .max(Comparator.comparing(KernelStore::modified))
          .map(KernelStore::read);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, folder + ": " + e, e);
    }
  }

  /** Downloads the package that apt offers, without installing it. */
  GuestKernel fetch() {
    String name = packageName();
    Path temporary = null;
    try {
      temporary = Files.createTempDirectory(Files.createDirectories(folder), ".new-");
      new Command(List.of("apt-get", "download", name), "", DOWNLOAD).runIn(temporary);
      Path archive = only(temporary, "linux-image-.*\\.deb");
      Command.of("dpkg-deb", "-x", archive.toString(), temporary.resolve("x").toString())
          .within(DOWNLOAD)
          .run();
      return publish(temporary, archive.getFileName().toString().replaceAll("\\.deb$", ""));
    } catch (FileSystemException e) {
      throw new SkepException(
          Code.EXHAUSTED, "kernel cache " + folder + ": cannot be written: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "kernel package " + name + ": " + e.getMessage(), e);
    } finally {
      if (temporary != null) {
        Folders.delete(temporary);
      }
    }
  }

  private GuestKernel publish(Path temporary, String version) throws IOException {
    Path ready = Files.createDirectories(temporary.resolve("ready"));
    Path unpacked = temporary.resolve("x");
    KernelImage.extract(only(unpacked.resolve("boot"), "vmlinuz-.*"), ready.resolve("vmlinux"));
    Path tree = only(Folders.existing(unpacked, "lib/modules", "usr/lib/modules"), ".*");
    KernelModules modules = KernelModules.in(tree);
    List<Path> channel = modules.loadOrder(CHANNEL, List.of());
    copy(channel, ready.resolve("channel"));
    copy(modules.loadOrder(ROOT, channel), ready.resolve("root"));
    Path target = folder.resolve(version);
    Folders.delete(target);
    Files.setLastModifiedTime(ready, FileTime.fromMillis(System.currentTimeMillis()));
    Files.move(ready, target, StandardCopyOption.ATOMIC_MOVE);
    return read(target);
  }

  private String packageName() {
    Command.Result answer =
        Command.of("apt-cache", "depends", metaPackage)
            .tryRun()
            .orElseThrow(() -> missing("this host has no apt"));
    Matcher depends = DEPENDS.matcher(answer.output());
    if (answer.exitCode() != 0 || !depends.find()) {
      throw missing("apt knows no package " + metaPackage + ": run 'apt-get update'");
    }
    return depends.group(1);
  }

  private SkepException missing(String why) {
    return new SkepException(
        Code.UNSUPPORTED,
        "guest kernel: none in "
            + folder
            + " and "
            + why
            + " (or set SKEP_KERNEL to an uncompressed vmlinux with virtio-mmio, EROFS and overlayfs"
            + " built in)");
  }

  /** The order of loading becomes the order of names. */
  private static void copy(List<Path> modules, Path folder) throws IOException {
    Files.createDirectories(folder);
    for (int i = 0; i < modules.size(); i++) {
      Path module = modules.get(i);
      Files.copy(module, folder.resolve(String.format("%02d-%s", i, module.getFileName())));
    }
  }

  private static GuestKernel read(Path version) {
    Path vmlinux = version.resolve("vmlinux");
    KernelImage.check(vmlinux);
    return new GuestKernel(
        version.getFileName().toString(),
        vmlinux,
        sorted(version.resolve("channel")),
        sorted(version.resolve("root")));
  }

  private static List<Path> sorted(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "kernel cache " + folder + ": " + e, e);
    }
  }

  private static Path only(Path folder, String pattern) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> path.getFileName().toString().matches(pattern))
          .findFirst()
          .orElseThrow(() -> new IOException(folder + ": nothing like " + pattern + " in it"));
    }
  }

  private static boolean isTemporary(Path path) {
    return path.getFileName().toString().startsWith(".");
  }

  private static FileTime modified(Path path) {
    try {
      return Files.getLastModifiedTime(path);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }
}
