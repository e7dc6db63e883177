package dev.skep.policy;

/**
 * What one instance is to carry ({@code pkg/reconciler/autoscaling/resources/target.go}).
 *
 * @param value of the metric that an instance is held at: {@code total} times the utilization
 * @param total of the metric that an instance can take
 * @param capacity requests that one instance can take at once: its hard limit, or for one that has
 *     none the concurrency that it would be held at
 * @param burst {@code target-burst-capacity}: requests that shall find a place at once beyond those
 *     that are there; 0 for none, -1 for unlimited
 */
public record ScalingTarget(
    Metric metric, double value, double total, double capacity, double burst) {
  /** The annotation {@code metric}. */
  public enum Metric {
    CONCURRENCY,
    RPS
  }

  static final double LEAST = 0.01;

  private static final double REQUESTS_UTILIZATION = 0.7;

  /**
   * @param limit {@code containerConcurrency}; 0 is none
   */
  static ScalingTarget of(TextValues annotations, int limit, AutoscalerConfig config) {
    Metric metric =
        annotations.text("metric").filter("rps"::equals).isPresent()
            ? Metric.RPS
            : Metric.CONCURRENCY;
    boolean byRequests = metric == Metric.RPS;
    double places = limit > 0 ? limit : config.concurrencyTarget();
    double total = byRequests ? config.requestsTarget() : places;
    double utilization = byRequests ? REQUESTS_UTILIZATION : config.concurrencyUtilization();
    var own = annotations.number("target");
    if (own.isPresent()) {
      total = byRequests || limit == 0 ? own.get() : Math.min(own.get(), limit);
    }
    utilization =
        annotations
            .number("target-utilization-percentage", "targetUtilizationPercentage")
            .map(percent -> percent / 100)
            .orElse(utilization);
    double value = Math.max(LEAST, total * utilization);
    double held = byRequests ? config.concurrencyTarget() * config.concurrencyUtilization() : value;
    return new ScalingTarget(
        metric,
        value,
        total,
        limit > 0 ? limit : held,
        annotations
            .number("target-burst-capacity", "targetBurstCapacity")
            .orElse(config.targetBurstCapacity()));
  }

  /** Of a second, in the metric. */
  double of(LoadSecond second) {
    return switch (metric) {
      case CONCURRENCY -> second.concurrency();
      case RPS -> second.requests();
    };
  }
}
