package dev.skep.control;

import java.time.Instant;

/**
 * The last decision about one revision as users see it.
 *
 * @param policy that decided, as the annotation {@code autoscaling.knative.dev/class} names it
 * @param problem why that is not the one which the revision chose; empty where it is
 * @param desired instances
 * @param reason in upper case: {@code LOAD}
 * @param why the figures behind it
 * @param changedAt since when {@link #activity} says what it does
 */
public record ScalingView(
    String namespace,
    String service,
    String revision,
    String policy,
    String problem,
    int desired,
    int ready,
    String reason,
    String why,
    Instant decidedAt,
    Instant changedAt) {

  /** Knative's condition {@code Active} ({@code pkg/reconciler/autoscaling/kpa/kpa.go}). */
  Condition activity() {
    if (desired == 0) {
      return Condition.no("NoTraffic", "The target is not receiving traffic.");
    }
    return ready > 0
        ? Condition.TRUE
        : Condition.unknown(
            "Queued", "Requests to the target are being buffered as resources are provisioned.");
  }

  ScalingView since(Instant changed) {
    return new ScalingView(
        namespace, service, revision, policy, problem, desired, ready, reason, why, decidedAt,
        changed);
  }
}
