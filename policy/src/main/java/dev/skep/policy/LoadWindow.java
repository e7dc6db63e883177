package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * A sliding window over a metric in buckets of one second, and its average as Knative computes it
 * ({@code pkg/autoscaler/aggregation/bucketing.go}): what is recorded in the same second is summed;
 * before a window has passed since the first record the average is that of the part, and after the
 * last record that of the buckets up to it.
 */
public final class LoadWindow {
  /** The annotation {@code metric-aggregation-algorithm}. */
  public enum Aggregation {
    LINEAR,
    /** Later seconds weigh more. */
    WEIGHTED_EXPONENTIAL
  }

  /** The weights of a window sum to at least 1 minus this. */
  private static final double UNWEIGHTED = 0.0001;

  private static final double LEAST_SMOOTHING = 0.2;

  /** Averages have six digits. */
  private static final double PRECISION = 1e6;

  /** Long before any window. */
  private static final long NEVER = Long.MIN_VALUE / 2;

  private final double[] buckets;
  private final Aggregation aggregation;
  private final double smoothing;
  private long first = NEVER;
  private long last = NEVER;
  private double total;

  public LoadWindow(Duration length, Aggregation aggregation) {
    int seconds = Math.max(1, Math.toIntExact(length.plusNanos(999_999_999).toSeconds()));
    this.buckets = new double[seconds];
    this.aggregation = aggregation;
    this.smoothing = Math.max(1 - Math.pow(UNWEIGHTED, 1.0 / seconds), LEAST_SMOOTHING);
  }

  /** {@code TimedFloat64Buckets.Record}; what is older than the window is ignored. */
  public void record(Instant now, double value) {
    long second = now.getEpochSecond();
    if (second + buckets.length <= last) {
      return;
    }
    if (first == NEVER || first > second) {
      first = second;
    }
    if (second > last) {
      advance(second);
    }
    buckets[index(second)] += value;
    total += value;
  }

  private void advance(long second) {
    if (second - last >= buckets.length) {
      first = second;
      total = 0;
      Arrays.fill(buckets, 0);
    } else {
      for (long skipped = last + 1; skipped <= second; skipped++) {
        total -= buckets[index(skipped)];
        buckets[index(skipped)] = 0;
      }
    }
    last = second;
  }

  /** Nothing was recorded within the window: {@code IsEmpty}. */
  public boolean isEmpty(Instant now) {
    return now.getEpochSecond() - last > buckets.length;
  }

  /** {@code WindowAverage}; 0 where nothing was recorded. */
  public double average(Instant now) {
    long age = now.getEpochSecond() - last;
    return switch (aggregation) {
      case LINEAR -> linear(age);
      case WEIGHTED_EXPONENTIAL -> weighted(age);
    };
  }

  private double linear(long age) {
    if (age >= buckets.length) {
      return 0;
    }
    double sum = total;
    for (long second = last + 1; second <= last + age; second++) {
      sum -= buckets[index(second)];
    }
    long recent = buckets.length - Math.max(0, age);
    return rounded(sum / Math.min(last - first + 1, recent));
  }

  private double weighted(long age) {
    if (age > buckets.length) {
      return 0;
    }
    long missing = Math.max(0, age);
    double weight = smoothing * Math.pow(1 - smoothing, (double) missing);
    double sum = 0;
    for (long back = 0; back < buckets.length - missing; back++) {
      sum += buckets[index(last - back)] * weight;
      weight *= 1 - smoothing;
    }
    return sum;
  }

  private int index(long second) {
    return (int) Math.floorMod(second, (long) buckets.length);
  }

  /** Half away from zero, as Go's {@code math.Round}. */
  private static double rounded(double value) {
    double scaled = value * PRECISION;
    double whole = scaled < 0 ? Math.ceil(scaled) : Math.floor(scaled);
    if (Math.abs(scaled - whole) >= 0.5) {
      whole += Math.signum(scaled);
    }
    return whole / PRECISION;
  }
}
