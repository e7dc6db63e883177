package dev.skep.policy;

import dev.skep.api.GoDuration;
import dev.skep.api.SkepException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a revision's {@code autoscaling.knative.dev/} annotations ask for, with Knative's defaults.
 *
 * @param target concurrency per instance at which one more is wanted
 * @param capacity requests that one instance can take at once: its hard limit, or the target of one
 *     that has none
 * @param minScale 0 allows scale to zero
 * @param maxScale 0 is unlimited
 * @param initialScale instances that must have been ready once before the revision is
 * @param window keep-alive: time without need before instances are given up
 * @param lastRetention time that the last instance stays after that
 */
public record ScalingSettings(
    double target,
    double capacity,
    int minScale,
    int maxScale,
    int initialScale,
    Duration window,
    Duration lastRetention) {
  private static final String PREFIX = "autoscaling.knative.dev/";
  private static final double DEFAULT_CONCURRENCY = 100;
  private static final double DEFAULT_UTILIZATION = 0.7;

  /**
   * Reads the annotations of a revision's template.
   *
   * <p>The target is Knative's ({@code pkg/reconciler/autoscaling/resources/target.go}): {@code
   * target} bounded by the hard limit, else the hard limit, else 100; times the utilization.
   *
   * @param containerConcurrency hard limit; 0 is none
   */
  public static ScalingSettings of(Map<String, String> annotations, int containerConcurrency) {
    var read = new Annotations(annotations);
    double limit = containerConcurrency > 0 ? containerConcurrency : DEFAULT_CONCURRENCY;
    double total = read.number("target").orElse(limit);
    if (containerConcurrency > 0) {
      total = Math.min(total, containerConcurrency);
    }
    double utilization =
        read.number("target-utilization-percentage", "targetUtilizationPercentage")
            .map(percent -> percent / 100)
            .orElse(DEFAULT_UTILIZATION);
    double target = Math.max(0.01, total * utilization);
    int minScale = read.count("min-scale", "minScale").orElse(0);
    return new ScalingSettings(
        target,
        containerConcurrency > 0 ? containerConcurrency : target,
        minScale,
        read.count("max-scale", "maxScale").orElse(0),
        Math.max(minScale, read.count("initial-scale", "initialScale").orElse(1)),
        read.time("window").orElse(Duration.ofSeconds(60)),
        read.time("scale-to-zero-pod-retention-period", "scaleToZeroPodRetentionPeriod")
            .orElse(Duration.ZERO));
  }

  private record Annotations(Map<String, String> all) {
    Optional<Double> number(String... names) {
      return text(names).map(text -> parse(names[0], text, "a number", Double::parseDouble));
    }

    Optional<Integer> count(String... names) {
      return text(names)
          .map(text -> parse(names[0], text, "a whole number of at least 0", Annotations::natural));
    }

    Optional<Duration> time(String... names) {
      return text(names)
          .map(text -> parse(names[0], text, "a time such as 60s", GoDuration::parse));
    }

    private Optional<String> text(String... names) {
      for (String name : names) {
        String value = all.get(PREFIX + name);
        if (value != null) {
          return Optional.of(value);
        }
      }
      return Optional.empty();
    }

    private static int natural(String text) {
      int number = Integer.parseInt(text);
      if (number < 0) {
        throw new NumberFormatException("below 0");
      }
      return number;
    }

    private static <T> T parse(
        String name, String text, String expected, Function<String, T> parser) {
      try {
        return parser.apply(text);
      } catch (IllegalArgumentException e) {
        throw new SkepException(
            SkepException.Code.INVALID,
            "annotation %s%s: '%s' (expected: %s)".formatted(PREFIX, name, text, expected),
            e);
      }
    }
  }
}
