package dev.skep.policy;

import dev.skep.policy.Decision.Reason;
import dev.skep.policy.LoadWindow.Aggregation;
import java.time.Duration;
import java.util.Map;

/**
 * What a revision's {@code autoscaling.knative.dev/} annotations ask for, over what {@code
 * config-autoscaler} sets for all ({@code pkg/reconciler/autoscaling/kpa/resources/decider.go},
 * {@code pkg/reconciler/autoscaling/resources/metric.go}).
 */
public record ScalingSettings(
    ScalingTarget target, Bounds bounds, Windows windows, Rates rates, ToZero toZero) {
  static final String PREFIX = "autoscaling.knative.dev/";

  private static final Duration SECOND = Duration.ofSeconds(1);

  /**
   * How many instances there may be.
   *
   * @param min 0 allows scale to zero; it holds while traffic is routed to the revision
   * @param max 0 is unlimited
   * @param initial that must have been ready once
   * @param activation least number but zero; below 2 it says nothing
   */
  public record Bounds(int min, int max, int initial, int activation) {
    /** {@code ScaleBounds} of {@code pa_lifecycle.go}: nobody needs what no traffic reaches. */
    int least(boolean reachable) {
      return reachable ? min : 0;
    }

    /** {@code applyBounds} of {@code kpa/scaler.go}. */
    int apply(int least, int wanted) {
      if (wanted < least) {
        return least;
      }
      return max != 0 && wanted > max ? max : wanted;
    }

    /** The decision that these bounds leave of one without them. */
    public Decision within(Decision free, Observation seen) {
      int instances = apply(least(seen.reachable()), free.instances());
      if (instances == free.instances()) {
        return free;
      }
      Reason reason = instances > free.instances() ? Reason.MIN_SCALE : Reason.MAX_SCALE;
      return new Decision(instances, reason, free.why());
    }
  }

  /**
   * Over what the load is averaged.
   *
   * @param stable also how long nothing has to be needed before instances are given up
   * @param panic of the average that tells of a burst
   * @param panicThreshold times what the ready instances are held at, from which a burst is one
   */
  public record Windows(
      Duration stable, Duration panic, double panicThreshold, Aggregation aggregation) {
    LoadWindow stableWindow() {
      return new LoadWindow(stable, aggregation);
    }

    LoadWindow panicWindow() {
      return new LoadWindow(panic, aggregation);
    }
  }

  /**
   * How fast the number may change.
   *
   * @param up most, as a multiple of the ready instances
   * @param down least, as a fraction of them: its reciprocal
   * @param downDelay how long fewer must be enough before there are fewer
   */
  public record Rates(double up, double down, Duration downDelay) {}

  /**
   * How the last instance goes.
   *
   * @param allowed false keeps one
   * @param grace that the activator must have been in the path for
   * @param lastRetention time that the last instance stays after nothing needed it
   * @param activationTimeout after which an instance that never became ready is given up
   */
  public record ToZero(
      boolean allowed, Duration grace, Duration lastRetention, Duration activationTimeout) {}

  /** As {@link #of(Map, int, AutoscalerConfig)}, where nothing is set for all. */
  public static ScalingSettings of(Map<String, String> annotations, int containerConcurrency) {
    return of(annotations, containerConcurrency, AutoscalerConfig.DEFAULTS);
  }

  /**
   * Reads the annotations of a revision's template.
   *
   * @param containerConcurrency hard limit; 0 is none
   */
  public static ScalingSettings of(
      Map<String, String> annotations, int containerConcurrency, AutoscalerConfig config) {
    var read = new TextValues(annotations, PREFIX, "annotation ");
    return new ScalingSettings(
        ScalingTarget.of(read, containerConcurrency, config),
        bounds(read, config),
        windows(read, config),
        new Rates(
            config.maxScaleUpRate(),
            config.maxScaleDownRate(),
            read.time("scale-down-delay", "scaleDownDelay").orElse(config.scaleDownDelay())),
        toZero(read, annotations, config));
  }

  private static Bounds bounds(TextValues read, AutoscalerConfig config) {
    int initial =
        read.count("initial-scale", "initialScale")
            .filter(scale -> scale > 0 || config.allowZeroInitialScale())
            .orElse(config.initialScale());
    int most = read.count("max-scale", "maxScale").orElse(config.maxScale());
    int limit = config.maxScaleLimit();
    return new Bounds(
        read.count("min-scale", "minScale").orElse(config.minScale()),
        limit > 0 && (most == 0 || most > limit) ? limit : most,
        initial,
        read.count("activation-scale").orElse(0));
  }

  private static Windows windows(TextValues read, AutoscalerConfig config) {
    Duration stable = read.time("window").orElse(config.stableWindow());
    double percentage =
        read.number("panic-window-percentage", "panicWindowPercentage")
            .orElse(config.panicWindowPercentage());
    // Go truncates to nanoseconds, then rounds half up to seconds.
    var exact = Duration.ofNanos((long) (stable.toNanos() * percentage / 100.0));
    var rounded = Duration.ofSeconds(exact.plusMillis(500).toSeconds());
    double threshold =
        read.number("panic-threshold-percentage", "panicThresholdPercentage")
            .orElse(config.panicThresholdPercentage());
    boolean weighted =
        read.text("metric-aggregation-algorithm", "metricAggregationAlgorithm")
            .filter("weighted-exponential"::equals)
            .isPresent();
    return new Windows(
        stable,
        rounded.compareTo(SECOND) < 0 ? SECOND : rounded,
        threshold / 100.0,
        weighted ? Aggregation.WEIGHTED_EXPONENTIAL : Aggregation.LINEAR);
  }

  private static ToZero toZero(
      TextValues read, Map<String, String> annotations, AutoscalerConfig config) {
    Duration deadline =
        new TextValues(annotations, "serving.knative.dev/", "annotation ")
            .time("progress-deadline")
            .orElse(Duration.ofMinutes(10));
    return new ToZero(
        config.enableScaleToZero(),
        config.grace(),
        read.time("scale-to-zero-pod-retention-period", "scaleToZeroPodRetentionPeriod")
            .orElse(config.lastRetention()),
        deadline.plusSeconds(30));
  }

  /** Instances that must have been ready once before the revision is. */
  public int initialScale() {
    return Math.max(bounds.min(), bounds.initial());
  }

  /** The same, but instances are kept for another time after they were needed. */
  ScalingSettings keeping(Duration window) {
    return new ScalingSettings(
        target,
        bounds,
        new Windows(window, windows.panic(), windows.panicThreshold(), windows.aggregation()),
        rates,
        toZero);
  }
}
