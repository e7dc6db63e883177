package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;

/**
 * The largest number seen within a window that slides along, whole seconds apart: the max filter
 * that keeps instances alive.
 */
final class PeakWindow {
  private record Seen(long second, int value) {}

  private final long seconds;

  /**
   * Seconds rise, values fall: what is followed by something larger can never be the peak again.
   */
  private final ArrayDeque<Seen> falling = new ArrayDeque<>();

  PeakWindow(Duration length) {
    this.seconds = Math.max(1, length.plusNanos(999_999_999).toSeconds());
  }

  int record(Instant now, int value) {
    long second = now.getEpochSecond();
    while (!falling.isEmpty() && falling.getLast().value() <= value) {
      falling.removeLast();
    }
    falling.addLast(new Seen(second, value));
    while (falling.getFirst().second() < second - seconds) {
      falling.removeFirst();
    }
    return falling.getFirst().value();
  }
}
