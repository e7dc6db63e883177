package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What has been sent and not yet been taken: only tests need to know. */
public final class Unread {
  private static final long SIOCOUTQ = 0x5411;

  private Unread() {}

  /** Whether the other end has not read all yet. */
  public static boolean by(UnixConnection connection) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(JAVA_INT);
      int number = connection.descriptor().number();
      Errno.orThrow("SIOCOUTQ", SystemCalls.ioctl(number, SIOCOUTQ, bytes));
      return bytes.get(JAVA_INT, 0) > 0;
    }
  }
}
