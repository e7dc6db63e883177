package dev.skep.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The decision of Knative's autoscaler for one revision ({@code
 * pkg/autoscaler/scaling/autoscaler.go}), in its arithmetic and order: rates bound what the
 * averages ask for, the activation scale is the least but zero, a burst panics, nothing goes down
 * while it does, and a scale-down may be delayed. {@code min-scale}, {@code max-scale} and the way
 * to zero come later ({@link PodScale}).
 */
final class PodAutoscaler {
  /** {@code tickInterval} of {@code multiscaler.go}. */
  static final Duration TICK = Duration.ofSeconds(2);

  /**
   * {@code ScaleResult}.
   *
   * @param desired instances
   * @param excessBurst requests that the ready instances could take at once beyond the burst
   *     capacity; below 0 the activator is in the path
   */
  record Result(int desired, int excessBurst, boolean panicking) {}

  private final ScalingTarget target;
  private final ScalingSettings settings;
  private final Optional<PeakWindow> delay;
  private @Nullable Instant panicSince;
  private int panicPeak;

  /**
   * One that finds more than one instance panics: it has seen nothing that would justify fewer.
   *
   * @param ready instances
   */
  PodAutoscaler(ScalingSettings settings, Instant now, int ready) {
    this.settings = settings;
    this.target = settings.target();
    Duration downDelay = settings.rates().downDelay();
    this.delay =
        downDelay.isPositive() ? Optional.of(new PeakWindow(downDelay, TICK)) : Optional.empty();
    this.panicSince = ready > 1 ? now : null;
    this.panicPeak = ready;
  }

  /**
   * {@code Scale}.
   *
   * @param stable the metric's average over the stable window
   * @param panic over the panic window
   */
  Result scale(Instant now, int ready, boolean reachable, double stable, double panic) {
    double pods = Math.max(1, ready);
    double most = Math.ceil(settings.rates().up() * pods);
    double least = reachable ? Math.floor(pods / settings.rates().down()) : 0;
    double stablePods = Math.ceil(stable / target.value());
    double panicPods = Math.ceil(panic / target.value());
    int wantedStable = activated(stablePods, bounded(stablePods, least, most));
    int wantedPanic = activated(panicPods, bounded(panicPods, least, most));
    notePanic(now, panicPods / pods >= settings.windows().panicThreshold());
    int wanted = wantedStable;
    if (panicSince != null) {
      panicPeak = Math.max(panicPeak, Math.max(wantedStable, wantedPanic));
      wanted = panicPeak;
    }
    if (reachable && delay.isPresent()) {
      wanted = delay.get().record(now, wanted);
    }
    return new Result(wanted, excessBurst(ready, panic), panicSince != null);
  }

  private static int bounded(double pods, double least, double most) {
    return (int) Math.min(Math.max(pods, least), most);
  }

  private int activated(double asked, int pods) {
    int activation = settings.bounds().activation();
    return activation > 1 && asked > 0 ? Math.max(pods, activation) : pods;
  }

  private void notePanic(Instant now, boolean over) {
    if (over) {
      panicSince = now;
    } else if (panicSince != null && panicSince.plus(settings.windows().stable()).isBefore(now)) {
      panicSince = null;
      panicPeak = 0;
    }
  }

  private int excessBurst(int ready, double panic) {
    if (target.burst() == 0) {
      return 0;
    }
    return target.burst() < 0
        ? -1
        : (int) Math.floor(ready * target.total() - target.burst() - panic);
  }
}
