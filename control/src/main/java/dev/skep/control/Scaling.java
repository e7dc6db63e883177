package dev.skep.control;

import dev.skep.api.RevisionSpec;
import dev.skep.api.SkepException;
import dev.skep.policy.AutoscalerConfig;
import dev.skep.policy.RevisionScaler;
import dev.skep.policy.ScalingPolicies;
import dev.skep.store.ResourceStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How revisions are scaled: the policies that they may choose, and what the ConfigMap {@code
 * knative-serving/config-autoscaler} sets for all. It belongs to the control thread.
 */
final class Scaling {
  private static final Logger LOG = LoggerFactory.getLogger(Scaling.class);
  private static final String NAME = "config-autoscaler";

  private final ScalingPolicies policies;
  private AutoscalerConfig config = AutoscalerConfig.DEFAULTS;

  Scaling(ScalingPolicies policies) {
    this.policies = policies;
  }

  /** Fails with INVALID for annotations that cannot be read. */
  RevisionScaler scaler(RevisionSpec spec) {
    return policies.scaler(spec.annotations(), spec.containerConcurrency(), config);
  }

  /** Fails with INVALID for what a new revision must not ask for. */
  void check(RevisionSpec spec) {
    scaler(spec)
        .problem()
        .ifPresent(
            problem -> {
              throw new SkepException(SkepException.Code.INVALID, problem);
            });
  }

  /** Whether it has changed; one that cannot be read changes nothing. */
  boolean read(ResourceStore store) {
    try {
      AutoscalerConfig read = AutoscalerConfig.of(KnativeSettings.read(store, NAME));
      boolean changed = !read.equals(config);
      config = read;
      return changed;
    } catch (SkepException invalid) {
      LOG.error("ConfigMap knative-serving/{} is not used: {}", NAME, invalid.getMessage());
      return false;
    }
  }
}
