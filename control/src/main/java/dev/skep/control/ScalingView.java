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
    Instant decidedAt) {}
