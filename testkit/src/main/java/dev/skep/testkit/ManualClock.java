package dev.skep.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves only when a test says so; its wall and its monotonic time move together. */
public final class ManualClock extends Clock {
  /** Where every manual clock begins, so that tests can name moments. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final AtomicLong nanos = new AtomicLong(1_000_000_000L);
  private final long originNanos = nanos.get();

  public void advance(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("clock moved by " + by + " (expected: forward)");
    }
    nanos.addAndGet(by.toNanos());
  }

  /** The monotonic time, as {@link System#nanoTime} gives it. */
  public long nanoTime() {
    return nanos.get();
  }

  @Override
  public Instant instant() {
    return START.plusNanos(nanos.get() - originNanos);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return Clock.fixed(instant(), zone);
  }
}
