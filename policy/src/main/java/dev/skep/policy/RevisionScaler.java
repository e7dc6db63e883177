package dev.skep.policy;

import dev.skep.api.SkepException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The scaler of one revision: that of the policy which it chose, within the revision's bounds. A
 * policy that is missing, throws or asks for the impossible is replaced by Knative's for good, and
 * {@link #problem} says why.
 */
public final class RevisionScaler implements Scaler {
  private static final int MOST = 1_000_000;

  private final ScalingSettings settings;
  private String policy = ScalingPolicies.KNATIVE;
  private Scaler scaler;
  private Optional<String> problem = Optional.empty();

  RevisionScaler(ScalingSettings settings) {
    this.settings = settings;
    this.scaler = new KnativeScaler(settings);
  }

  void follow(Supplier<ScalingPolicy> chosen, Map<String, String> annotations) {
    try {
      ScalingPolicy found = chosen.get();
      policy = found.name();
      scaler = found.scaler(settings, annotations);
    } catch (RuntimeException | LinkageError e) {
      replace(e);
    }
  }

  /** Of the policy that decides. */
  public String policy() {
    return policy;
  }

  /** Why that is not the one which the revision chose. */
  public Optional<String> problem() {
    return problem;
  }

  public ScalingSettings settings() {
    return settings;
  }

  @Override
  public Decision decide(Observation seen) {
    try {
      return settings.bounds().within(checked(scaler.decide(seen)), seen);
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      if (policy.equals(ScalingPolicies.KNATIVE)) {
        throw e;
      }
      replace(e);
      return settings.bounds().within(scaler.decide(seen), seen);
    }
  }

  @Override
  public Optional<Instant> again() {
    try {
      return scaler.again();
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      replace(e);
      return Optional.empty();
    }
  }

  private static Decision checked(Decision decision) {
    if (decision.instances() < 0 || decision.instances() > MOST) {
      throw new IllegalStateException(
          "it asked for %d instances (expected: 0 to %d)".formatted(decision.instances(), MOST));
    }
    return decision;
  }

  private void replace(Throwable cause) {
    String what =
        cause instanceof SkepException known
            ? String.valueOf(known.getMessage())
            : "policy %s failed: %s".formatted(policy, cause);
    problem = Optional.of(what + "; Knative's decides");
    policy = ScalingPolicies.KNATIVE;
    scaler = new KnativeScaler(settings);
  }
}
