package dev.skep.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The C library's calls for unix sockets, whose descriptors Java does not pass. Each returns the
 * result or {@code -errno}. Sockets never block.
 */
final class SocketCalls {
  private static final short AF_UNIX = 1;
  private static final int SOCK_CLOEXEC_NONBLOCK = SystemCalls.O_CLOEXEC | SystemCalls.O_NONBLOCK;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int ADDRESS_BYTES = 110;
  private static final int MAX_PATH_BYTES = 107;

  private static final MethodHandle SOCKET =
      SystemCalls.handle("socket", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = SystemCalls.handle("bind", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = SystemCalls.handle("listen", JAVA_INT, JAVA_INT);
  private static final MethodHandle CONNECT =
      SystemCalls.handle("connect", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      SystemCalls.handle("accept4", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle GETSOCKOPT =
      SystemCalls.handle("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle RECVMSG =
      SystemCalls.handle64("recvmsg", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SENDMSG =
      SystemCalls.handle64("sendmsg", JAVA_INT, ADDRESS, JAVA_INT);

  private SocketCalls() {}

  /** SAFETY: no memory is passed. */
  static int socket() {
    MemorySegment slot = SystemCalls.slot();
    try {
      int type = SOCK_STREAM | SOCK_CLOEXEC_NONBLOCK;
      return SystemCalls.result(slot, (int) SOCKET.invokeExact(slot, (int) AF_UNIX, type, 0));
    } catch (Throwable e) {
      throw new AssertionError("socket", e);
    }
  }

  /** SAFETY: the address is copied. ERRNO: EADDRINUSE has something at that path. */
  static int bind(int fd, MemorySegment address) {
    MemorySegment slot = SystemCalls.slot();
    try {
      return SystemCalls.result(slot, (int) BIND.invokeExact(slot, fd, address, ADDRESS_BYTES));
    } catch (Throwable e) {
      throw new AssertionError("bind", e);
    }
  }

  /** SAFETY: no memory is passed. */
  static int listen(int fd, int backlog) {
    MemorySegment slot = SystemCalls.slot();
    try {
      return SystemCalls.result(slot, (int) LISTEN.invokeExact(slot, fd, backlog));
    } catch (Throwable e) {
      throw new AssertionError("listen", e);
    }
  }

  /** SAFETY: the address is copied. ERRNO: EAGAIN says that too many wait for the listener. */
  static int connect(int fd, MemorySegment address) {
    MemorySegment slot = SystemCalls.slot();
    try {
      return SystemCalls.result(slot, (int) CONNECT.invokeExact(slot, fd, address, ADDRESS_BYTES));
    } catch (Throwable e) {
      throw new AssertionError("connect", e);
    }
  }

  /** SAFETY: no memory is passed. ERRNO: EAGAIN says that nobody waits. */
  static int accept(int fd) {
    MemorySegment slot = SystemCalls.slot();
    MemorySegment none = MemorySegment.NULL;
    try {
      return SystemCalls.result(
          slot, (int) ACCEPT4.invokeExact(slot, fd, none, none, SOCK_CLOEXEC_NONBLOCK));
    } catch (Throwable e) {
      throw new AssertionError("accept4", e);
    }
  }

  /** The process that connected, in our pid namespace. SAFETY: {@code struct ucred} is 3 ints. */
  static int peerPid(int fd) {
    MemorySegment slot = SystemCalls.slot();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment credentials = arena.allocate(JAVA_INT, 3);
      MemorySegment length = arena.allocateFrom(JAVA_INT, (int) credentials.byteSize());
      int result =
          (int) GETSOCKOPT.invokeExact(slot, fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
      return result == 0 ? credentials.get(JAVA_INT, 0) : SystemCalls.result(slot, result);
    } catch (Throwable e) {
      throw new AssertionError("getsockopt", e);
    }
  }

  /** SAFETY: {@code message} is a msghdr whose buffers outlive the call. ERRNO: EAGAIN: nothing. */
  static long receive(int fd, MemorySegment message, int flags) {
    MemorySegment slot = SystemCalls.slot();
    try {
      return SystemCalls.result(slot, (long) RECVMSG.invokeExact(slot, fd, message, flags));
    } catch (Throwable e) {
      throw new AssertionError("recvmsg", e);
    }
  }

  /** SAFETY: {@code message} is a msghdr whose buffers outlive the call. ERRNO: EAGAIN: full. */
  static long send(int fd, MemorySegment message, int flags) {
    MemorySegment slot = SystemCalls.slot();
    try {
      return SystemCalls.result(slot, (long) SENDMSG.invokeExact(slot, fd, message, flags));
    } catch (Throwable e) {
      throw new AssertionError("sendmsg", e);
    }
  }

  /** A {@code struct sockaddr_un}. */
  static MemorySegment address(Path path, Arena arena) {
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_PATH_BYTES) {
      throw new SkepException(
          Code.INVALID,
          path
              + ": "
              + bytes.length
              + " bytes, expected at most "
              + MAX_PATH_BYTES
              + " in a socket's path (use a state folder with a shorter one)");
    }
    MemorySegment address = arena.allocate(ADDRESS_BYTES, 8);
    address.set(JAVA_SHORT, 0, AF_UNIX);
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, address, 2, bytes.length);
    return address;
  }

  /** Descriptors that travel with a message, and its bytes: a {@code struct msghdr}. */
  record Message(MemorySegment header, MemorySegment control) {
    private static final int HEADER_BYTES = 56;
    private static final int CONTROL_HEADER_BYTES = 16;
    private static final int SCM_RIGHTS = 1;
    private static final int IOV = 16;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;

    /** Over one buffer, with room for that many descriptors. */
    static Message over(MemorySegment buffer, int descriptors, Arena arena) {
      MemorySegment vector = arena.allocate(16, 8);
      vector.set(ADDRESS, 0, buffer);
      vector.set(JAVA_LONG, 8, buffer.byteSize());
      MemorySegment control = arena.allocate(controlBytes(descriptors), 8);
      MemorySegment header = arena.allocate(HEADER_BYTES, 8);
      header.set(ADDRESS, IOV, vector);
      header.set(JAVA_LONG, IOV + 8, 1L);
      header.set(ADDRESS, CONTROL, control);
      header.set(JAVA_LONG, CONTROL_LENGTH, descriptors == 0 ? 0 : control.byteSize());
      return new Message(header, control);
    }

    void attach(int... descriptors) {
      control.set(JAVA_LONG, 0, CONTROL_HEADER_BYTES + 4L * descriptors.length);
      control.set(JAVA_INT, 8, SOL_SOCKET);
      control.set(JAVA_INT, 12, SCM_RIGHTS);
      for (int i = 0; i < descriptors.length; i++) {
        control.set(JAVA_INT, CONTROL_HEADER_BYTES + 4L * i, descriptors[i]);
      }
    }

    /** What came with it: all in one control message, as we ask for no other kind. */
    int[] attached() {
      if (header.get(JAVA_LONG, CONTROL_LENGTH) < CONTROL_HEADER_BYTES
          || control.get(JAVA_INT, 8) != SOL_SOCKET
          || control.get(JAVA_INT, 12) != SCM_RIGHTS) {
        return new int[0];
      }
      long count = (control.get(JAVA_LONG, 0) - CONTROL_HEADER_BYTES) / 4;
      var numbers = new int[(int) count];
      for (int i = 0; i < count; i++) {
        numbers[i] = control.get(JAVA_INT, CONTROL_HEADER_BYTES + 4L * i);
      }
      return numbers;
    }

    int flags() {
      return header.get(JAVA_INT, FLAGS);
    }

    private static long controlBytes(int descriptors) {
      return CONTROL_HEADER_BYTES + (4L * descriptors + 7) / 8 * 8;
    }
  }
}
