package dev.skep.linux;

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
  static final int EPOLLIN = 1;
  static final int EPOLL_CTL_ADD = 1;

  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_USERFAULTFD =
      System.getProperty("os.arch").equals("amd64") ? 323 : 282;
  private static final long O_CLOEXEC_NONBLOCK = 0x80800;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> SLOT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  /**
   * One shape for all: each argument is in an integer register, whatever its width, and those that
   * a function does not have are ignored. To link a shape takes 20 ms of each start.
   */
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  private static final MemorySegment SYSCALL = function("syscall");
  private static final MemorySegment CLOSE = function("close");
  private static final MemorySegment MKFIFO = function("mkfifo");
  private static final MemorySegment KILL = function("kill");
  private static final MemorySegment EPOLL_CREATE = function("epoll_create1");
  private static final MemorySegment EPOLL_CTL = function("epoll_ctl");
  private static final MemorySegment EPOLL_WAIT = function("epoll_wait");
  private static final MemorySegment EVENTFD = function("eventfd");
  private static final MemorySegment EVENTFD_WRITE = function("eventfd_write");

  private Libc() {}

  private static MemorySegment function(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  /** SAFETY: no memory is passed. ERRNO: ESRCH says that there is no such process. */
  static int pidfdOpen(long pid) {
    return call(SYSCALL, SYS_PIDFD_OPEN, pid, 0, 0);
  }

  /** SAFETY: no memory is passed. ERRNO: EPERM says that it is not allowed. */
  static int userfaultfd() {
    return call(SYSCALL, SYS_USERFAULTFD, O_CLOEXEC_NONBLOCK, 0, 0);
  }

  /** SAFETY: no memory is passed; a descriptor is closed by its one owner. */
  static int close(int fd) {
    return call(CLOSE, fd, 0, 0, 0);
  }

  /** SAFETY: no memory is passed. */
  static int epollCreate() {
    return call(EPOLL_CREATE, EPOLL_CLOEXEC, 0, 0, 0);
  }

  /** SAFETY: the kernel copies {@code event}, which its caller keeps, during the call. */
  static int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
    return call(EPOLL_CTL, epoll, operation, fd, event.address());
  }

  /**
   * Blocks: only for a platform thread. SAFETY: {@code events} has room for {@code max} events, and
   * its caller keeps it until the call returns. ERRNO: EINTR means try again.
   */
  static int epollWait(int epoll, MemorySegment events, int max) {
    return call(EPOLL_WAIT, epoll, events.address(), max, -1);
  }

  /** SAFETY: no memory is passed. */
  static int eventfd() {
    return call(EVENTFD, 0, EFD_CLOEXEC, 0, 0);
  }

  /** SAFETY: no memory is passed. */
  static int eventfdWrite(int fd) {
    return call(EVENTFD_WRITE, fd, 1, 0, 0);
  }

  /** SAFETY: the path is copied. ERRNO: EEXIST says that something is there. */
  static int mkfifo(String path, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      return call(MKFIFO, arena.allocateFrom(path).address(), mode, 0, 0);
    }
  }

  /** SAFETY: no memory is passed. ERRNO: ESRCH says that there is nobody. */
  static int kill(long pid, int signal) {
    return call(KILL, pid, signal, 0, 0);
  }

  private static int call(MemorySegment function, long a, long b, long c, long d) {
    MemorySegment slot = SLOT.get();
    try {
      int result = (int) CALL.invokeExact(function, slot, a, b, c, d);
      return result == -1 ? -(int) ERRNO.get(slot, 0L) : result;
    } catch (Throwable e) {
      throw new AssertionError("a call of the C library", e);
    }
  }
}
