package dev.skep.api;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Checks the annotations by which a revision says how it wants to be scaled ({@code
 * pkg/apis/autoscaling/annotation_validation.go}).
 */
final class AutoscalingAnnotations {
  static final String PREFIX = "autoscaling.knative.dev/";

  private static final String KNATIVE = "kpa.autoscaling.knative.dev";

  private static final Duration WINDOW_LEAST = Duration.ofSeconds(6);
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final double LEAST_TARGET = 0.01;

  private final Map<String, String> annotations;
  private final String path;
  private final FieldErrors errors;

  private AutoscalingAnnotations(Map<String, String> annotations, String path, FieldErrors errors) {
    this.annotations = annotations;
    this.path = path;
    this.errors = errors;
  }

  static void check(Map<String, String> annotations, String path, FieldErrors errors) {
    var check = new AutoscalingAnnotations(annotations, path, errors);
    check.keys();
    check.scales();
    check.policy();
    check.oneOf("metric", Set.of("concurrency", "rps"));
    check.oneOf(
        "metric-aggregation-algorithm",
        Set.of("linear", "weighted-exponential"),
        "metricAggregationAlgorithm");
    check.target();
    check.number("target-utilization-percentage", 1, 100, "targetUtilizationPercentage");
    check.number("panic-window-percentage", 1, 100, "panicWindowPercentage");
    check.number("panic-threshold-percentage", 110, 1_000, "panicThresholdPercentage");
    check.number("target-burst-capacity", -1, Double.MAX_VALUE, "targetBurstCapacity");
    check.time("window", WINDOW_LEAST);
    check.time("scale-down-delay", Duration.ZERO, "scaleDownDelay");
    check.time(
        "scale-to-zero-pod-retention-period", Duration.ZERO, "scaleToZeroPodRetentionPeriod");
  }

  private record Found(String key, String value) {}

  private Optional<Found> find(String name, String... aliases) {
    String value = annotations.get(PREFIX + name);
    if (value != null) {
      return Optional.of(new Found(PREFIX + name, value));
    }
    for (String alias : aliases) {
      String aliased = annotations.get(PREFIX + alias);
      if (aliased != null) {
        return Optional.of(new Found(PREFIX + alias, aliased));
      }
    }
    return Optional.empty();
  }

  private String at(Found found) {
    return path + "." + found.key();
  }

  private void keys() {
    annotations
        .keySet()
        .forEach(
            key ->
                Names.qualifiedName(key).forEach(problem -> errors.invalidKey(key, path, problem)));
  }

  private void scales() {
    long least = count("min-scale", "minScale").orElse(0);
    long most = count("max-scale", "maxScale").orElse(0);
    if (most != 0 && most < least) {
      errors.add(
          "max-scale=%d is less than min-scale=%d".formatted(most, least),
          "",
          path + "." + PREFIX + "max-scale",
          path + "." + PREFIX + "min-scale");
    }
    // 0 too: Knative leaves that to the operator (allow-zero-initial-scale), and one host is its
    // own.
    count("initial-scale", "initialScale");
    OptionalLong activation = count("activation-scale");
    if (activation.isPresent()) {
      activation(activation.getAsLong(), least, most);
    }
  }

  private void activation(long activation, long least, long most) {
    String at = path + "." + PREFIX + "activation-scale";
    if (activation < 2) {
      errors.add("activation-scale=%d must be greater than 1".formatted(activation), "", at);
    } else if (least > activation) {
      errors.add(
          "min-scale=%d is greater than activation-scale=%d".formatted(least, activation), "", at);
    } else if (most > 0 && most < activation) {
      errors.add(
          "max-scale=%d is less than activation-scale=%d".formatted(most, activation), "", at);
    }
  }

  private OptionalLong count(String name, String... aliases) {
    Optional<Found> found = find(name, aliases);
    if (found.isEmpty()) {
      return OptionalLong.empty();
    }
    String value = found.get().value();
    if (!value.matches("[+-]?[0-9]{1,18}")) {
      errors.invalid(value, at(found.get()), "expected a whole number");
      return OptionalLong.empty();
    }
    long number = Long.parseLong(value);
    if (number < 0 || number > Integer.MAX_VALUE) {
      errors.outOfBounds(number, 0, Integer.MAX_VALUE, at(found.get()));
      return OptionalLong.empty();
    }
    return OptionalLong.of(number);
  }

  private void oneOf(String name, Set<String> allowed, String... aliases) {
    find(name, aliases)
        .filter(found -> !allowed.contains(found.value()))
        .ifPresent(
            found ->
                errors.invalid(
                    found.value(),
                    at(found),
                    "expected " + String.join(" or ", allowed.stream().sorted().toList())));
  }

  /** Which others there are, only the daemon knows that the revision runs in. */
  private void policy() {
    find("class")
        .filter(found -> !found.value().equals(KNATIVE))
        .filter(
            found ->
                found.value().endsWith(".knative.dev")
                    || !Names.dns1123Subdomain(found.value()).isEmpty())
        .ifPresent(
            found ->
                errors.invalid(
                    found.value(),
                    at(found),
                    "expected %s or the name of a policy of this host, such as waiting.autoscaling.skep.dev"
                        .formatted(KNATIVE)));
  }

  private void target() {
    find("target")
        .ifPresent(
            found -> {
              Optional<Double> target = decimal(found);
              if (target.isPresent() && target.get() < LEAST_TARGET) {
                errors.add(
                    "target %s should be at least %s".formatted(found.value(), LEAST_TARGET),
                    "",
                    at(found));
              }
            });
  }

  private void number(String name, double least, double most, String... aliases) {
    find(name, aliases)
        .ifPresent(
            found -> {
              Optional<Double> number = decimal(found);
              boolean outside = number.isPresent() && (number.get() < least || number.get() > most);
              boolean betweenMinusOneAndZero =
                  number.isPresent() && least == -1 && number.get() > -1 && number.get() < 0;
              if (outside || betweenMinusOneAndZero) {
                errors.outOfBounds(found.value(), shown(least), shown(most), at(found));
              }
            });
  }

  private static String shown(double bound) {
    return bound == Double.MAX_VALUE ? "infinity" : Long.toString((long) bound);
  }

  private Optional<Double> decimal(Found found) {
    if (found.value().matches("[+-]?[0-9]{1,15}(\\.[0-9]{1,15})?")) {
      return Optional.of(Double.parseDouble(found.value()));
    }
    errors.invalid(found.value(), at(found), "expected a number");
    return Optional.empty();
  }

  private void time(String name, Duration least, String... aliases) {
    Optional<Found> found = find(name, aliases);
    if (found.isEmpty()) {
      return;
    }
    String value = found.get().value();
    try {
      Duration time = GoDuration.parse(value);
      if (time.compareTo(least) < 0 || time.compareTo(LONGEST) > 0) {
        errors.outOfBounds(
            value, GoDuration.format(least), GoDuration.format(LONGEST), at(found.get()));
      } else if (List.of("window", "scale-down-delay").contains(name)
          && !time.equals(time.truncatedTo(ChronoUnit.SECONDS))) {
        errors.add("must be specified with at most second precision", "", at(found.get()));
      }
    } catch (IllegalArgumentException e) {
      errors.invalid(value, at(found.get()), "expected a duration such as 90s or 1m30s");
    }
  }
}
