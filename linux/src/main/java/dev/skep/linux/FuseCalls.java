package dev.skep.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The calls that a file system in this process needs; linked when the first is made. */
final class FuseCalls {
  static final int EIO = 5;
  static final int ENODEV = 19;
  static final int ENOSYS = 38;

  private static final int O_RDWR = 2;
  private static final long MS_RDONLY_NOSUID_NODEV_NOEXEC = 0xf;
  private static final int MNT_DETACH = 2;

  private static final MethodHandle MOUNT =
      SystemCalls.handle("mount", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle UMOUNT = SystemCalls.handle("umount2", ADDRESS, JAVA_INT);
  private static final MethodHandle WRITE =
      SystemCalls.handle64("write", JAVA_INT, ADDRESS, JAVA_LONG);

  private FuseCalls() {}

  /** A new connection to the kernel. SAFETY: no memory is passed. */
  static int openDevice() {
    return SystemCalls.open("/dev/fuse", O_RDWR);
  }

  /** SAFETY: all texts are copied. ERRNO: EPERM and EACCES say that it is not allowed. */
  static int mount(int device, String folder) {
    String options =
        "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
            .formatted(device);
    MemorySegment slot = SystemCalls.slot();
    try (Arena arena = Arena.ofConfined()) {
      return SystemCalls.result(
          slot,
          (int)
              MOUNT.invokeExact(
                  slot,
                  arena.allocateFrom("skep"),
                  arena.allocateFrom(folder),
                  arena.allocateFrom("fuse.skep"),
                  MS_RDONLY_NOSUID_NODEV_NOEXEC,
                  arena.allocateFrom(options)));
    } catch (Throwable e) {
      throw new AssertionError("mount", e);
    }
  }

  /**
   * Takes a mount out of the tree; who has files of it open keeps them. SAFETY: the text is copied.
   * ERRNO: EINVAL says that nothing is mounted there.
   */
  static int detach(String folder) {
    MemorySegment slot = SystemCalls.slot();
    try (Arena arena = Arena.ofConfined()) {
      return SystemCalls.result(
          slot, (int) UMOUNT.invokeExact(slot, arena.allocateFrom(folder), MNT_DETACH));
    } catch (Throwable e) {
      throw new AssertionError("umount2", e);
    }
  }

  /**
   * SAFETY: {@code from} has {@code bytes}. ERRNO: of a FUSE device, ENOENT says that nobody waits
   * for the answer any more.
   */
  static long write(int fd, MemorySegment from, long bytes) {
    MemorySegment slot = SystemCalls.slot();
    try {
      return SystemCalls.result(slot, (long) WRITE.invokeExact(slot, fd, from, bytes));
    } catch (Throwable e) {
      throw new AssertionError("write", e);
    }
  }
}
