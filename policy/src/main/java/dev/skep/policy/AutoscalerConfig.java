package dev.skep.policy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * What Knative's ConfigMap {@code config-autoscaler} sets for all revisions ({@code
 * pkg/autoscaler/config/config.go}), with its keys and ranges. One default is another: {@code
 * allow-zero-initial-scale} is true, because whoever owns the host owns the service.
 *
 * @param policy {@code pod-autoscaler-class}
 * @param concurrencyUtilization {@code container-concurrency-target-percentage}, as a fraction
 * @param concurrencyTarget {@code container-concurrency-target-default}
 * @param requestsTarget {@code requests-per-second-target-default}
 * @param maxScaleLimit bounds what annotations ask for, where Knative refuses them; 0 is none
 * @param grace {@code scale-to-zero-grace-period}
 * @param lastRetention {@code scale-to-zero-pod-retention-period}
 */
public record AutoscalerConfig(
    String policy,
    boolean enableScaleToZero,
    boolean allowZeroInitialScale,
    double maxScaleUpRate,
    double maxScaleDownRate,
    double concurrencyUtilization,
    double concurrencyTarget,
    double requestsTarget,
    double targetBurstCapacity,
    double panicWindowPercentage,
    double panicThresholdPercentage,
    int initialScale,
    int minScale,
    int maxScale,
    int maxScaleLimit,
    Duration stableWindow,
    Duration scaleDownDelay,
    Duration grace,
    Duration lastRetention) {
  /** Of a cluster whose ConfigMap sets nothing. */
  public static final AutoscalerConfig DEFAULTS = of(Map.of());

  /**
   * Reads the ConfigMap's data; keys that Knative does not know are ignored, as it does.
   *
   * @throws SkepException INVALID, with the key and what was expected
   */
  public static AutoscalerConfig of(Map<String, String> data) {
    var read = new TextValues(data, "", "config-autoscaler: ");
    double utilization = read.number("container-concurrency-target-percentage").orElse(70.0);
    return new AutoscalerConfig(
        read.text("pod-autoscaler-class").orElse("kpa.autoscaling.knative.dev"),
        read.flag("enable-scale-to-zero").orElse(true),
        read.flag("allow-zero-initial-scale").orElse(true),
        read.number("max-scale-up-rate").orElse(1000.0),
        read.number("max-scale-down-rate").orElse(2.0),
        utilization > 1 ? utilization / 100 : utilization,
        read.number("container-concurrency-target-default").orElse(100.0),
        read.number("requests-per-second-target-default").orElse(200.0),
        read.number("target-burst-capacity").orElse(211.0),
        read.number("panic-window-percentage").orElse(10.0),
        read.number("panic-threshold-percentage").orElse(200.0),
        read.count("initial-scale").orElse(1),
        read.count("min-scale").orElse(0),
        read.count("max-scale").orElse(0),
        read.count("max-scale-limit").orElse(0),
        read.time("stable-window").orElse(Duration.ofSeconds(60)),
        read.time("scale-down-delay").orElse(Duration.ZERO),
        read.time("scale-to-zero-grace-period").orElse(Duration.ofSeconds(30)),
        read.time("scale-to-zero-pod-retention-period").orElse(Duration.ZERO));
  }

  public AutoscalerConfig {
    expect(maxScaleUpRate > 1, "max-scale-up-rate", maxScaleUpRate, "more than 1");
    expect(maxScaleDownRate > 1, "max-scale-down-rate", maxScaleDownRate, "more than 1");
    expect(
        concurrencyUtilization > 0 && concurrencyUtilization <= 1,
        "container-concurrency-target-percentage",
        concurrencyUtilization * 100,
        "more than 0, at most 100");
    expect(
        concurrencyUtilization * concurrencyTarget >= ScalingTarget.LEAST,
        "container-concurrency-target-default",
        concurrencyTarget,
        "at least 0.01, times the percentage");
    expect(
        requestsTarget >= ScalingTarget.LEAST,
        "requests-per-second-target-default",
        requestsTarget,
        "at least 0.01");
    expect(
        targetBurstCapacity >= 0 || targetBurstCapacity == -1,
        "target-burst-capacity",
        targetBurstCapacity,
        "at least 0, or -1 for unlimited");
    expect(
        panicWindowPercentage >= 1 && panicWindowPercentage <= 100,
        "panic-window-percentage",
        panicWindowPercentage,
        "1 to 100");
    expect(
        initialScale > 0 || allowZeroInitialScale,
        "initial-scale",
        initialScale,
        "at least 1 while allow-zero-initial-scale is false");
    expect(
        maxScaleLimit == 0 || (maxScale >= 1 && maxScale <= maxScaleLimit),
        "max-scale",
        maxScale,
        "1 to max-scale-limit");
    expect(maxScale == 0 || minScale <= maxScale, "min-scale", minScale, "at most max-scale");
    expect(
        isWhole(stableWindow)
            && stableWindow.toSeconds() >= 6
            && stableWindow.compareTo(Duration.ofHours(1)) <= 0,
        "stable-window",
        stableWindow,
        "6s to 1h, in whole seconds");
    expect(isWhole(scaleDownDelay), "scale-down-delay", scaleDownDelay, "whole seconds");
    expect(grace.isPositive(), "scale-to-zero-grace-period", grace, "more than 0");
  }

  private static boolean isWhole(Duration time) {
    return time.equals(time.truncatedTo(ChronoUnit.SECONDS));
  }

  private static void expect(boolean holds, String key, Object found, String expected) {
    if (!holds) {
      throw new SkepException(
          Code.INVALID, "config-autoscaler: %s: %s (expected: %s)".formatted(key, found, expected));
    }
  }
}
