package dev.skep.policy;

import java.util.Map;

/**
 * A way of scaling that revisions may choose by the annotation {@code
 * autoscaling.knative.dev/class}. Policies of one's own are found by {@link
 * java.util.ServiceLoader} in the jars that the daemon's configuration names.
 */
public interface ScalingPolicy {
  /** What the annotation holds, like {@code keep-alive.autoscaling.skep.dev}. */
  String name();

  /**
   * A scaler for one revision.
   *
   * @param annotations of the revision's template, for what the policy itself may be told
   * @throws dev.skep.api.SkepException INVALID for annotations that it cannot read
   */
  Scaler scaler(ScalingSettings settings, Map<String, String> annotations);
}
