package dev.skep.policy;

import dev.skep.policy.Decision.Reason;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Knative's autoscaler ("KPA"): every two seconds, and at once when a request comes while nothing
 * is wanted ({@code runScalerTicker} and {@code Poke} of {@code
 * pkg/autoscaler/scaling/multiscaler.go}). The gateway reports each second what activator and
 * queue-proxies report together ({@code pkg/activator/handler/concurrency_reporter.go}, {@code
 * pkg/autoscaler/metrics/collector.go}).
 */
public final class KnativeScaler implements Scaler {
  private final ScalingSettings settings;
  private final LoadWindow stable;
  private final LoadWindow panic;
  private @Nullable Run run;

  public KnativeScaler(ScalingSettings settings) {
    this.settings = settings;
    this.stable = settings.windows().stableWindow();
    this.panic = settings.windows().panicWindow();
  }

  @Override
  public Decision decide(Observation seen) {
    if (run == null) {
      run = new Run(seen);
    }
    return run.decide(seen);
  }

  /** From the first observation on. */
  private final class Run {
    private final PodAutoscaler autoscaler;
    private final PodScale scale;
    private Instant nextTick;
    private PodAutoscaler.Result last = new PodAutoscaler.Result(PodScale.UNKNOWN, 0, false);
    private boolean wasBusy;

    /** The request that was reported at its arrival, not to be reported again. */
    private double reportedEarly;

    private String figures = "no figures yet";

    Run(Observation first) {
      this.autoscaler = new PodAutoscaler(settings, first.now(), first.ready());
      this.scale = new PodScale(settings, first.now());
      this.nextTick = first.now().plus(PodAutoscaler.TICK);
    }

    Decision decide(Observation seen) {
      seen.load().forEach(second -> report(second, seen));
      if (last.desired() <= 0 && seen.requests() > 0) {
        reportFirst(seen.now());
        evaluate(seen);
      } else if (!seen.now().isBefore(nextTick)) {
        evaluate(seen);
      }
      while (!nextTick.isAfter(seen.now())) {
        nextTick = nextTick.plus(PodAutoscaler.TICK);
      }
      return explain(seen, scale.apply(seen, last.desired(), last.excessBurst()));
    }

    /**
     * Pods are asked every second, unless the activator sees everything; the activator tells of
     * seconds with requests, and once that there are none.
     */
    private void report(LoadSecond second, Observation seen) {
      boolean busy = !second.isQuiet();
      boolean scraped = seen.ready() > 0 && settings.target().burst() >= 0;
      if (busy || wasBusy || scraped) {
        record(second.end(), Math.max(0, settings.target().of(second) - reportedEarly));
        reportedEarly = 0;
      }
      wasBusy = busy;
    }

    /** So that the first request of a revision does not wait for the end of its second. */
    private void reportFirst(Instant now) {
      if (reportedEarly == 0) {
        reportedEarly = 1;
        record(now, 1);
      }
    }

    private void record(Instant now, double value) {
      stable.record(now, value);
      panic.record(now, value);
    }

    private void evaluate(Observation seen) {
      if (stable.isEmpty(seen.now()) && settings.target().burst() >= 0) {
        return;
      }
      double overStable = stable.average(seen.now());
      double overPanic = panic.average(seen.now());
      last = autoscaler.scale(seen.now(), seen.ready(), seen.reachable(), overStable, overPanic);
      figures =
          String.format(
              Locale.ROOT,
              "%s %.2f in the stable window, %.2f in the panic window, target %.2f",
              settings.target().metric().name().toLowerCase(Locale.ROOT),
              Math.max(0, overStable), // a sum of differences may be a little below
              Math.max(0, overPanic),
              settings.target().value());
    }

    private Decision explain(Observation seen, int replicas) {
      if (replicas == PodScale.UNKNOWN) {
        return new Decision(seen.alive(), Reason.KEEP_ALIVE, figures);
      }
      return new Decision(replicas, reason(seen, replicas), figures);
    }

    private Reason reason(Observation seen, int replicas) {
      if (replicas == 0) {
        return Reason.IDLE;
      }
      if (replicas < last.desired()) {
        return Reason.MAX_SCALE;
      }
      if (replicas > last.desired()) {
        boolean least = replicas == settings.bounds().least(seen.reachable());
        return least ? Reason.MIN_SCALE : Reason.KEEP_ALIVE;
      }
      return last.panicking() ? Reason.PANIC : Reason.LOAD;
    }
  }
}
