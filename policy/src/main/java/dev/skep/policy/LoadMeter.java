package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits averages of uneven periods into those of whole seconds, so that a policy sees the same
 * numbers however often somebody looked in between, and every second once.
 */
public final class LoadMeter {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Who looks less often does so because nothing is there. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private Instant until;
  private double concurrency;
  private double requests;

  public LoadMeter(Instant now) {
    this.until = now;
  }

  /**
   * The seconds that have ended since the last call.
   *
   * @param average concurrency from the last call until {@code now}
   * @param arrived requests in that time
   */
  public List<LoadSecond> add(Instant now, double average, long arrived) {
    if (now.isAfter(until.plus(LONGEST))) {
      until = now.truncatedTo(ChronoUnit.SECONDS);
      concurrency = 0;
      requests = 0;
    }
    if (!now.isAfter(until)) {
      requests += arrived;
      return List.of();
    }
    // After a longer silence they are why somebody looks.
    Instant since = until.isBefore(now.minus(SECOND)) ? now.minus(SECOND) : until;
    double rate = arrived / seconds(since, now);
    var ended = new ArrayList<LoadSecond>();
    for (Instant end = endOf(until); !end.isAfter(now); end = endOf(until)) {
      fill(end, average, since, rate);
      ended.add(new LoadSecond(end, concurrency, requests));
      concurrency = 0;
      requests = 0;
    }
    fill(now, average, since, rate);
    return List.copyOf(ended);
  }

  private void fill(Instant end, double average, Instant since, double rate) {
    concurrency += average * seconds(until, end);
    requests += rate * Math.max(0, seconds(until.isBefore(since) ? since : until, end));
    until = end;
  }

  private static Instant endOf(Instant inside) {
    return inside.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
  }

  private static double seconds(Instant start, Instant end) {
    return Duration.between(start, end).toNanos() / 1e9;
  }
}
