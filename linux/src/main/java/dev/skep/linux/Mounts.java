package dev.skep.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** File systems in this process's mount namespace. Needs root. */
public final class Mounts {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");
  private static final long MS_RDONLY = 1;
  private static final long MS_NOSUID = 2;
  private static final long MS_NODEV = 4;
  private static final long MS_BIND = 0x1000;
  private static final long MS_SHARED = 1 << 20;
  private static final int MNT_DETACH = 2;
  private static final int ENOTBLK = 15;
  private static final int EINVAL = 22;

  private static final MethodHandle MOUNT =
      SystemCalls.handle("mount", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle UMOUNT2 = SystemCalls.handle("umount2", ADDRESS, JAVA_INT);

  private Mounts() {}

  /**
   * Mounts an EROFS image, read-only: the file itself where the kernel can (6.12), else through a
   * loop device, which goes with the mount.
   *
   * @throws SkepException INVALID where the file is no EROFS image
   */
  public static void image(Path file, Path target) {
    // device nodes of an image are nobody's way to the host's devices
    int result = mount(file.toString(), target, "erofs", MS_RDONLY | MS_NODEV, "");
    if (result == -ENOTBLK) {
      result = byLoopDevice(file, target);
    }
    if (result == -EINVAL) {
      throw new SkepException(
          Code.INVALID, "root image " + file + ": cannot be mounted (expected: an EROFS file)");
    }
    check("mount " + file, result);
  }

  private static int byLoopDevice(Path file, Path target) {
    String[] argv = {"mount", "-t", "erofs", "-o", "loop,ro,nodev", "" + file, "" + target};
    return Command.of(argv).tryRun().filter(done -> done.exitCode() == 0).isPresent() ? 0 : -EINVAL;
  }

  /**
   * Mounts the ext4 file system in a file, through a loop device that goes with the mount.
   *
   * @throws SkepException INTERNAL or UNSUPPORTED where this host cannot
   */
  public static void disk(Path file, Path target) {
    // device nodes in it are nobody's way to the host's devices
    Command.of("mount", "-t", "ext4", "-o", "loop,nodev", "" + file, "" + target).run();
  }

  /**
   * Makes the folder a mount of itself. What is mounted below it later, and unmounted, is so in all
   * namespaces that are copied from this one, too: no sandbox keeps what the host has given up.
   * Idempotent.
   */
  public static void share(Path folder) throws IOException {
    Path real = folder.toRealPath();
    if (all().contains(real)) {
      return;
    }
    check("mount " + real, mount("" + real, real, "none", MS_BIND, ""));
    check("share " + real, mount("none", real, "none", MS_SHARED, ""));
  }

  /** A file system in memory, for root alone; what is in it counts as its writers' memory. */
  public static void memory(Path target, long bytes) {
    String options = "mode=0700,size=" + bytes;
    check("mount tmpfs at " + target, mount("tmpfs", target, "tmpfs", MS_NOSUID, options));
  }

  /** Takes it away, for new users at once and for those who use it when they end; idempotent. */
  public static void detach(Path target) {
    int result = unmount(target);
    if (result != -EINVAL && result != -SystemCalls.ENOENT) {
      check("unmount " + target, result);
    }
  }

  /** The same for all that is mounted at the folder or below. */
  public static void detachAll(Path folder) throws IOException {
    if (Files.exists(folder)) {
      Path real = folder.toRealPath();
      all().reversed().stream().filter(path -> path.startsWith(real)).forEach(Mounts::detach);
    }
  }

  /** All that is mounted below the folder, the innermost first. */
  public static List<Path> below(Path folder) {
    return all().stream()
        .filter(path -> path.startsWith(folder) && !path.equals(folder))
        .toList()
        .reversed();
  }

  private static List<Path> all() {
    try {
      return Files.readAllLines(MOUNTINFO).stream()
          .map(line -> Path.of(unescape(line.split(" ", 6)[4])))
          .toList();
    } catch (IOException e) {
      throw new SkepException(Code.UNSUPPORTED, MOUNTINFO + ": " + e.getMessage(), e);
    }
  }

  /** As the kernel writes paths: blanks and backslashes as three octal digits. */
  static String unescape(String path) {
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
  }

  private static void check(String what, int result) {
    if (result < 0) {
      throw new SkepException(Code.UNSUPPORTED, what + ": " + Errno.describe(-result));
    }
  }

  /** SAFETY: all strings are copied. ERRNO: ENOTBLK and EINVAL refuse a file as the source. */
  private static int mount(String source, Path target, String type, long flags, String options) {
    MemorySegment slot = SystemCalls.slot();
    try (Arena arena = Arena.ofConfined()) {
      return SystemCalls.result(
          slot,
          (int)
              MOUNT.invokeExact(
                  slot,
                  arena.allocateFrom(source),
                  arena.allocateFrom(target.toString()),
                  arena.allocateFrom(type),
                  flags,
                  arena.allocateFrom(options)));
    } catch (Throwable e) {
      throw new AssertionError("mount", e);
    }
  }

  /** SAFETY: the path is copied. ERRNO: EINVAL and ENOENT say that nothing is mounted there. */
  private static int unmount(Path target) {
    MemorySegment slot = SystemCalls.slot();
    try (Arena arena = Arena.ofConfined()) {
      return SystemCalls.result(
          slot, (int) UMOUNT2.invokeExact(slot, arena.allocateFrom("" + target), MNT_DETACH));
    } catch (Throwable e) {
      throw new AssertionError("umount2", e);
    }
  }
}
