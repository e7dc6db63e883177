package dev.skep.control;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Wall time for people and policies, monotonic time for phases and deadlines.
 *
 * @param nanos must be the clock of {@link DataPlaneListener}'s times: {@link System#nanoTime}
 */
public record Clocks(InstantSource wall, LongSupplier nanos) {
  public static final Clocks SYSTEM = new Clocks(Clock.systemUTC(), System::nanoTime);

  public Instant now() {
    return wall.instant();
  }
}
