package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;

/**
 * Joins averages of short, uneven periods into means of whole seconds, so that a policy sees the
 * same numbers however often somebody looked in between.
 */
public final class LoadMeter {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private Instant from;
  private Instant until;
  private double area;
  private double mean;

  public LoadMeter(Instant now) {
    this.from = now;
    this.until = now;
  }

  /** The average from the last call until {@code now}. */
  public void add(Instant now, double average) {
    if (now.isAfter(until)) {
      area += average * seconds(until, now);
      until = now;
    }
    if (!until.isBefore(from.plus(SECOND))) {
      mean = area / seconds(from, until);
      area = 0;
      from = until;
    }
  }

  /** Forgets all, as when the first instance becomes ready. */
  public void restart(Instant now) {
    from = now;
    until = now;
    area = 0;
    mean = 0;
  }

  /** Of the last whole second; 0 before there was one. */
  public double mean() {
    return mean;
  }

  private static double seconds(Instant start, Instant end) {
    return Duration.between(start, end).toNanos() / 1e9;
  }
}
