package dev.skep.policy;

import dev.skep.policy.ScalingSettings.ToZero;
import java.time.Duration;
import java.time.Instant;

/**
 * From what the autoscaler desires to the replicas that a revision gets: bounds, initial scale, and
 * the last instance's way to zero ({@code scale} and {@code handleScaleToZero} of {@code
 * pkg/reconciler/autoscaling/kpa/scaler.go}, {@code computeActiveCondition} of {@code kpa.go}).
 *
 * <p>The activator of the original is part of the gateway and always in the path, so the probe for
 * it always succeeds. The grace period counts from when Knative would have put it there: while the
 * excess burst capacity is not negative, it would not be. Of a revision that never was without, it
 * has passed.
 */
final class PodScale {
  /** Nothing is known yet that would justify a number. */
  static final int UNKNOWN = -1;

  /** The PodAutoscaler's condition {@code Active}. */
  private enum Activity {
    ACTIVATING,
    ACTIVE,
    INACTIVE
  }

  private final ScalingSettings settings;
  private Activity activity = Activity.ACTIVATING;
  private Instant since;
  private boolean initialized;
  private boolean serving;
  private Instant proxiedSince = Instant.MIN;
  private int replicas = UNKNOWN;

  PodScale(ScalingSettings settings, Instant now) {
    this.settings = settings;
    this.since = now;
  }

  /**
   * One reconciliation.
   *
   * @param desired by the autoscaler; {@link #UNKNOWN} before its first valid decision
   * @return instances that there should be; {@link #UNKNOWN} for as many as there are
   */
  int apply(Observation seen, int desired, int excessBurst) {
    initialized |= seen.established();
    int want = scale(seen, desired);
    boolean serves = want > 0 && excessBurst >= 0;
    if (serving && !serves) {
      proxiedSince = seen.now();
    }
    serving = serves;
    noteActivity(seen, want);
    return replicas;
  }

  private int scale(Observation seen, int desired) {
    if (desired < 0 && activity != Activity.ACTIVATING) {
      return desired;
    }
    int bounded = bounded(seen, desired);
    if (bounded > 0) {
      replicas = bounded;
      return bounded;
    }
    if (!settings.toZero().allowed()) {
      replicas = 1;
      return 1;
    }
    Duration lasted = Duration.between(since, seen.now());
    return switch (activity) {
      case ACTIVATING -> whileActivating(lasted);
      case ACTIVE -> whileActive(lasted);
      case INACTIVE -> whileInactive(seen, lasted);
    };
  }

  private int bounded(Observation seen, int desired) {
    int initial = settings.bounds().initial();
    boolean first = initial > 1 && !initialized && seen.reachable();
    int least = settings.bounds().least(seen.reachable());
    return settings.bounds().apply(first ? Math.max(initial, least) : least, desired);
  }

  private int whileActivating(Duration lasted) {
    if (lasted.compareTo(settings.toZero().activationTimeout()) > 0) {
      replicas = 0;
      return 0;
    }
    return UNKNOWN;
  }

  /** The revision becomes inactive first; its last instance stays until that has lasted. */
  private int whileActive(Duration lasted) {
    if (lasted.compareTo(settings.windows().stable()) >= 0) {
      return 0;
    }
    replicas = 1;
    return 1;
  }

  private int whileInactive(Observation seen, Duration lasted) {
    ToZero rules = settings.toZero();
    Duration retention = seen.reachable() ? rules.lastRetention() : Duration.ZERO;
    boolean retained = lasted.compareTo(retention) < 0;
    boolean graced =
        lasted.compareTo(rules.grace()) >= 0
            || (!serving
                && Duration.between(proxiedSince, seen.now()).compareTo(rules.grace()) >= 0);
    if (!retained && graced) {
      replicas = 0;
    }
    return 0;
  }

  private void noteActivity(Observation seen, int want) {
    int least = settings.bounds().least(seen.reachable());
    int threshold = Math.max(least, initialized ? 1 : settings.bounds().initial());
    initialized |= seen.ready() >= threshold;
    if (want == 0 || threshold == 0) {
      become(Activity.INACTIVE, seen.now());
    } else if (want > 0 || activity != Activity.INACTIVE) {
      become(seen.ready() < threshold ? Activity.ACTIVATING : Activity.ACTIVE, seen.now());
    }
  }

  private void become(Activity next, Instant now) {
    if (activity != next) {
      activity = next;
      since = now;
    }
  }
}
