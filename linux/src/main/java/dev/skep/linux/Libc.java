package dev.skep.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library calls that Skep needs and Java does not offer. Each returns the result or {@code
 * -errno}.
 */
final class Libc {
  static final int EINTR = 4;
  static final int ESRCH = 3;
  static final int ENXIO = 6;
  static final int EPOLLIN = 1;
  static final int EPOLL_CTL_ADD = 1;

  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int O_RDONLY_CLOEXEC = 0x80000;
  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_USERFAULTFD =
      System.getProperty("os.arch").equals("amd64") ? 323 : 282;
  private static final long O_CLOEXEC_NONBLOCK = 0x80800;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> SLOT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private static final MethodHandle SYSCALL2 =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("syscall"),
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.captureCallState("errno"),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle CLOSE = handle("close", JAVA_INT);
  private static final MethodHandle EPOLL_CREATE = handle("epoll_create1", JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      handle("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle EPOLL_WAIT =
      handle("epoll_wait", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle EVENTFD = handle("eventfd", JAVA_INT, JAVA_INT);
  private static final MethodHandle EVENTFD_WRITE = handle("eventfd_write", JAVA_INT, JAVA_LONG);
  private static final MethodHandle OPEN =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("open"),
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.captureCallState("errno"),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle LSEEK =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("lseek"),
          FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT),
          Linker.Option.captureCallState("errno"));

  private Libc() {}

  private static MethodHandle handle(String name, java.lang.foreign.MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(JAVA_INT, arguments),
        Linker.Option.captureCallState("errno"));
  }

  /** SAFETY: no memory is passed. ERRNO: ESRCH says that there is no such process. */
  static int pidfdOpen(long pid) {
    MemorySegment slot = SLOT.get();
    try {
      long result = (long) SYSCALL2.invokeExact(slot, SYS_PIDFD_OPEN, pid, 0L);
      return result(slot, (int) result);
    } catch (Throwable e) {
      throw new AssertionError("pidfd_open", e);
    }
  }

  /** SAFETY: no memory is passed. ERRNO: EPERM says that it is not allowed. */
  static int userfaultfd() {
    MemorySegment slot = SLOT.get();
    try {
      long result = (long) SYSCALL2.invokeExact(slot, SYS_USERFAULTFD, O_CLOEXEC_NONBLOCK, 0L);
      return result(slot, (int) result);
    } catch (Throwable e) {
      throw new AssertionError("userfaultfd", e);
    }
  }

  /** SAFETY: no memory is passed; a descriptor is closed by its one owner. */
  static int close(int fd) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) CLOSE.invokeExact(slot, fd));
    } catch (Throwable e) {
      throw new AssertionError("close", e);
    }
  }

  /** SAFETY: no memory is passed. */
  static int epollCreate() {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) EPOLL_CREATE.invokeExact(slot, EPOLL_CLOEXEC));
    } catch (Throwable e) {
      throw new AssertionError("epoll_create1", e);
    }
  }

  /** SAFETY: the kernel copies {@code event} during the call. */
  static int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) EPOLL_CTL.invokeExact(slot, epoll, operation, fd, event));
    } catch (Throwable e) {
      throw new AssertionError("epoll_ctl", e);
    }
  }

  /**
   * Blocks: only for a platform thread. SAFETY: {@code events} has room for {@code max} events and
   * outlives the call. ERRNO: EINTR means try again.
   */
  static int epollWait(int epoll, MemorySegment events, int max) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) EPOLL_WAIT.invokeExact(slot, epoll, events, max, -1));
    } catch (Throwable e) {
      throw new AssertionError("epoll_wait", e);
    }
  }

  /** SAFETY: no memory is passed. */
  static int eventfd() {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) EVENTFD.invokeExact(slot, 0, EFD_CLOEXEC));
    } catch (Throwable e) {
      throw new AssertionError("eventfd", e);
    }
  }

  /** SAFETY: no memory is passed. */
  static int eventfdWrite(int fd) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) EVENTFD_WRITE.invokeExact(slot, fd, 1L));
    } catch (Throwable e) {
      throw new AssertionError("eventfd_write", e);
    }
  }

  /** SAFETY: {@code path} ends with a zero and outlives the call. */
  static int openToRead(MemorySegment path) {
    MemorySegment slot = SLOT.get();
    try {
      return result(slot, (int) OPEN.invokeExact(slot, path, O_RDONLY_CLOEXEC));
    } catch (Throwable e) {
      throw new AssertionError("open", e);
    }
  }

  /** SAFETY: no memory is passed. ERRNO: ENXIO says that there is nothing more of that kind. */
  static long lseek(int fd, long offset, int whence) {
    MemorySegment slot = SLOT.get();
    try {
      long result = (long) LSEEK.invokeExact(slot, fd, offset, whence);
      return result == -1 ? -(int) ERRNO.get(slot, 0L) : result;
    } catch (Throwable e) {
      throw new AssertionError("lseek", e);
    }
  }

  private static int result(MemorySegment slot, int result) {
    return result == -1 ? -(int) ERRNO.get(slot, 0L) : result;
  }
}
