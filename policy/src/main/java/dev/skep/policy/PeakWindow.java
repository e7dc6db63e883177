package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;

/**
 * The largest number of a window that slides along in steps: the max filter of Knative's
 * scale-down-delay ({@code pkg/autoscaler/aggregation/max/timewindow.go}, {@code window.go}).
 */
public final class PeakWindow {
  private record Seen(long step, int value) {}

  private final long steps;
  private final long stepSeconds;

  /** Steps rise, values fall: what is followed by something larger can never be the peak again. */
  private final ArrayDeque<Seen> falling = new ArrayDeque<>();

  /**
   * @param length rounded up to whole steps
   * @param step whole seconds
   */
  public PeakWindow(Duration length, Duration step) {
    this.stepSeconds = step.toSeconds();
    this.steps = Math.max(1, (length.toNanos() + step.toNanos() - 1) / step.toNanos());
  }

  /** The peak, this value included. */
  public int record(Instant now, int value) {
    long step = now.getEpochSecond() / stepSeconds;
    while (!falling.isEmpty() && falling.getLast().value() <= value) {
      falling.removeLast();
    }
    falling.addLast(new Seen(step, value));
    while (step - falling.getFirst().step() >= steps) {
      falling.removeFirst();
    }
    return falling.getFirst().value();
  }
}
