package dev.skep.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The calls on files, memory and page faults that Java does not offer. Each returns the result or
 * {@code -errno}. Apart from {@link Libc}, which every daemon links when it starts: these are
 * linked when the first of them is needed.
 */
final class SystemCalls {
  static final int ENOENT = 2;
  static final int ENXIO = 6;
  static final int EAGAIN = 11;
  static final int EBUSY = 16;
  static final int EEXIST = 17;
  static final int EINVAL = 22;
  static final int O_CLOEXEC = 0x80000;
  static final int O_NONBLOCK = 0x800;
  static final int O_NOFOLLOW = System.getProperty("os.arch").equals("amd64") ? 0x20000 : 0x8000;
  static final int O_DIRECT = System.getProperty("os.arch").equals("amd64") ? 0x4000 : 0x10000;
  static final int FADV_WILLNEED = 3;
  static final int FADV_DONTNEED = 4;
  static final int MADV_DONTNEED = 4;
  static final int MADV_HUGEPAGE = 14;
  static final int MADV_NOHUGEPAGE = 15;
  static final int PROT_READ_WRITE = 3;
  static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  static final int MAP_HUGETLB = 0x40000;

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> SLOT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private static final MethodHandle IOCTL =
      variadic("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle FCNTL =
      variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle OPEN =
      variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle LSEEK = handle64("lseek", JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle READ = handle64("read", JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle PREAD =
      handle64("pread", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle POLL = handle("poll", ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle FSYNC = handle("fsync", JAVA_INT);
  private static final MethodHandle FADVISE =
      handle("posix_fadvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MINCORE = handle("mincore", ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle MMAP =
      handle64("mmap", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = handle("munmap", JAVA_LONG, JAVA_LONG);
  private static final MethodHandle MADVISE = handle("madvise", JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MEMCPY = handle64("memcpy", ADDRESS, JAVA_LONG, JAVA_LONG);

  private SystemCalls() {}

  static MethodHandle handle(String name, MemoryLayout... arguments) {
    return downcall(name, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  static MethodHandle handle64(String name, MemoryLayout... arguments) {
    return downcall(name, FunctionDescriptor.of(JAVA_LONG, arguments));
  }

  private static MethodHandle downcall(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        descriptor,
        Linker.Option.captureCallState("errno"));
  }

  private static MethodHandle variadic(String name, int first, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(first));
  }

  /**
   * SAFETY: {@code argument} is what the request says it is and outlives the call; addresses in it
   * are the caller's matter. ERRNO: depends on the request.
   */
  static int ioctl(int fd, long request, MemorySegment argument) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) IOCTL.invokeExact(slot, fd, request, argument));
    } catch (Throwable e) {
      throw new AssertionError("ioctl", e);
    }
  }

  /** Makes reads of the open file, which others may share, return EAGAIN. SAFETY: no memory. */
  static int setNonBlocking(int fd) {
    MemorySegment slot = SLOT.get();
    try {
      int flags = result(slot, (int) FCNTL.invokeExact(slot, fd, F_GETFL, 0));
      return flags < 0
          ? flags
          : result(slot, (int) FCNTL.invokeExact(slot, fd, F_SETFL, flags | O_NONBLOCK));
    } catch (Throwable e) {
      throw new AssertionError("fcntl", e);
    }
  }

  /** Opens to read. SAFETY: the path is copied. ERRNO: EINVAL refuses O_DIRECT. */
  static int open(String path, int flags) {
    MemorySegment slot = SLOT.get();
    try (Arena arena = Arena.ofConfined()) {
      int all = flags | O_CLOEXEC;
      return result(slot, (int) OPEN.invokeExact(slot, arena.allocateFrom(path), all, 0));
    } catch (Throwable e) {
      throw new AssertionError("open", e);
    }
  }

  /** SAFETY: {@code into} has room for {@code bytes}. ERRNO: EAGAIN says that nothing is there. */
  static long read(int fd, MemorySegment into, long bytes) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (long) READ.invokeExact(slot, fd, into, bytes));
    } catch (Throwable e) {
      throw new AssertionError("read", e);
    }
  }

  /** SAFETY: {@code into} has room for {@code bytes}. ERRNO: EINVAL is a file's no to O_DIRECT. */
  static long pread(int fd, MemorySegment into, long bytes, long position) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (long) PREAD.invokeExact(slot, fd, into, bytes, position));
    } catch (Throwable e) {
      throw new AssertionError("pread", e);
    }
  }

  /** SAFETY: no memory is passed. ERRNO: ENXIO says that there is nothing more of that kind. */
  static long lseek(int fd, long offset, int whence) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (long) LSEEK.invokeExact(slot, fd, offset, whence));
    } catch (Throwable e) {
      throw new AssertionError("lseek", e);
    }
  }

  /** Blocks: only for a platform thread. SAFETY: {@code fds} holds {@code count} pollfds. */
  static int poll(MemorySegment fds, int count, int timeoutMillis) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) POLL.invokeExact(slot, fds, (long) count, timeoutMillis));
    } catch (Throwable e) {
      throw new AssertionError("poll", e);
    }
  }

  /** SAFETY: no memory is passed. */
  static int fsync(int fd) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) FSYNC.invokeExact(slot, fd));
    } catch (Throwable e) {
      throw new AssertionError("fsync", e);
    }
  }

  /** SAFETY: no memory is passed. ERRNO: returned by the function itself, not in errno. */
  static int fadvise(int fd, long offset, long length, int advice) {
    MemorySegment slot = SLOT.get();
    try {
      return -(int) FADVISE.invokeExact(slot, fd, offset, length, advice);
    } catch (Throwable e) {
      throw new AssertionError("posix_fadvise", e);
    }
  }

  /** SAFETY: {@code mapping} is mapped, {@code residency} has a byte for each of its pages. */
  static int mincore(MemorySegment mapping, long bytes, MemorySegment residency) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) MINCORE.invokeExact(slot, mapping, bytes, residency));
    } catch (Throwable e) {
      throw new AssertionError("mincore", e);
    }
  }

  /** An address. SAFETY: new memory, which its owner unmaps. ERRNO: ENOMEM has no huge pages. */
  static long mapAnonymous(long bytes, int flags) {
    MemorySegment slot = SLOT.get();
    try {
      int all = MAP_PRIVATE_ANONYMOUS | flags;
      return result(slot, (long) MMAP.invokeExact(slot, 0L, bytes, PROT_READ_WRITE, all, -1, 0L));
    } catch (Throwable e) {
      throw new AssertionError("mmap", e);
    }
  }

  /** SAFETY: called once by the mapping's owner; no segment of it is in use. */
  static int unmap(long address, long bytes) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) MUNMAP.invokeExact(slot, address, bytes));
    } catch (Throwable e) {
      throw new AssertionError("munmap", e);
    }
  }

  /** SAFETY: the range is the caller's own; what is in it may be lost. */
  static int madvise(long address, long bytes, int advice) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) MADVISE.invokeExact(slot, address, bytes, advice));
    } catch (Throwable e) {
      throw new AssertionError("madvise", e);
    }
  }

  /**
   * Reads memory that may have to be waited for: in native code, so that the wait holds up no
   * safepoint. SAFETY: {@code from} is mapped for {@code bytes}, {@code into} has room for them.
   */
  static void copyFrom(long from, MemorySegment into, long bytes) {
    MemorySegment slot = SLOT.get();
    try {
      long _ = (long) MEMCPY.invokeExact(slot, into, from, bytes);
    } catch (Throwable e) {
      throw new AssertionError("memcpy", e);
    }
  }

  /** Where the calling thread's errno is put. */
  static MemorySegment slot() {
    return SLOT.get();
  }

  static int result(MemorySegment slot, int result) {
    return result == -1 ? -(int) ERRNO.get(slot, 0L) : result;
  }

  static long result(MemorySegment slot, long result) {
    return result == -1 ? -(int) ERRNO.get(slot, 0L) : result;
  }
}
