package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;

/**
 * How long to wait after failures in a row: not at all after the first, which may be an accident,
 * then from {@code first} on, doubling up to {@code longest}.
 */
public final class Backoff {
  private final Duration first;
  private final Duration longest;
  private int failures;
  private Instant until = Instant.MIN;

  public Backoff(Duration first, Duration longest) {
    this.first = first;
    this.longest = longest;
  }

  /** Another failure: no try before {@link #until}. */
  public void failed(Instant now) {
    failures++;
    until = now.plus(delay());
  }

  public void succeeded() {
    failures = 0;
    until = Instant.MIN;
  }

  public boolean blocks(Instant now) {
    return now.isBefore(until);
  }

  /** Failures since the last success. */
  public int failures() {
    return failures;
  }

  public Instant until() {
    return until;
  }

  private Duration delay() {
    if (failures <= 1) {
      return Duration.ZERO;
    }
    int doublings = Math.min(20, failures - 2);
    Duration doubled = first.multipliedBy(1L << doublings);
    return doubled.compareTo(longest) < 0 ? doubled : longest;
  }
}
