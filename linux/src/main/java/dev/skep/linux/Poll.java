package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * Waits until something can be read from any of a few descriptors, or one has been hung up. Belongs
 * to one platform thread, which it blocks; allocates nothing after its construction.
 */
public final class Poll {
  private static final int POLLFD_BYTES = 8;
  private static final int EVENTS = 4;
  private static final int ANSWER = 6;
  private static final short POLLIN = 1;
  private static final int FOREVER = -1;

  private final int count;
  private final MemorySegment descriptors;

  /** The descriptors must stay open while they are waited for. */
  public Poll(Descriptor... waitedFor) {
    count = waitedFor.length;
    descriptors = Arena.ofAuto().allocate((long) POLLFD_BYTES * count, 8);
    for (int i = 0; i < count; i++) {
      descriptors.set(JAVA_INT, (long) POLLFD_BYTES * i, waitedFor[i].number());
      descriptors.set(JAVA_SHORT, (long) POLLFD_BYTES * i + EVENTS, POLLIN);
    }
  }

  /** Waits until {@link #ready} holds of at least one. */
  public void await() {
    while (!poll(FOREVER)) {
      Thread.onSpinWait(); // a signal came in between
    }
  }

  /** As {@link #await()}, but no longer than the timeout; whether one is ready. */
  public boolean await(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long left = Math.max(0, deadline - System.nanoTime());
      if (poll((int) Math.min(Integer.MAX_VALUE, (left + 999_999) / 1_000_000))) {
        return true;
      }
      if (left == 0) {
        return false;
      }
    }
  }

  /** Whether the descriptor of that index could be read or had been hung up at the last wait. */
  public boolean ready(int index) {
    return descriptors.get(JAVA_SHORT, (long) POLLFD_BYTES * index + ANSWER) != 0;
  }

  private boolean poll(int timeoutMillis) {
    int ready = SystemCalls.poll(descriptors, count, timeoutMillis);
    if (ready == -Libc.EINTR) {
      return false;
    }
    return Errno.orThrow("poll", ready) > 0;
  }
}
