package dev.skep.policy;

import dev.skep.policy.Decision.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * As many as wait: at once to what the requests of this moment need, on the average of the last
 * second to what keeps instances at their target, down to what was needed at most within the
 * window, and to zero after a window without need. A revision without traffic keeps none beyond its
 * last requests.
 *
 * <p>A request that waits counts against the hard capacity, because it must get a place; the
 * average counts against the target, because it tells that places are about to run out.
 */
public final class ConcurrencyScaler implements Scaler {
  private static final double MOST = 1_000_000;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ScalingSettings settings;
  private final PeakWindow peaks;
  private @Nullable Instant readySince;
  private double lastSecond;

  public ConcurrencyScaler(ScalingSettings settings) {
    this.settings = settings;
    this.peaks = new PeakWindow(settings.windows().stable().plus(SECOND), SECOND);
  }

  @Override
  public Decision decide(Observation seen) {
    int wanted = wantedNow(seen);
    int peak = peaks.record(seen.now(), wanted);
    if (!seen.reachable()) {
      return atMost(decision(wanted, wanted > 0 ? Reason.LOAD : Reason.IDLE, seen));
    }
    return atLeast(atMost(kept(seen, wanted, peak)));
  }

  /** What this moment's requests and the last second's load need. */
  int wantedNow(Observation seen) {
    noteLoad(seen);
    int needed = instancesFor(seen.requests(), settings.target().capacity());
    int steady = instancesFor(lastSecond, settings.target().value());
    return Math.max(needed, steady);
  }

  /**
   * Of seconds before an instance was ready the requests waited, which says nothing of the load.
   */
  private void noteLoad(Observation seen) {
    if (seen.ready() == 0) {
      readySince = null;
      lastSecond = 0;
      return;
    }
    if (readySince == null) {
      readySince = seen.now();
    }
    for (LoadSecond second : seen.load()) {
      if (!second.end().minus(SECOND).isBefore(readySince)) {
        lastSecond = settings.target().of(second);
      }
    }
  }

  private Decision kept(Observation seen, int wanted, int peak) {
    if (wanted > 0 && wanted >= peak) {
      return decision(wanted, Reason.LOAD, seen);
    }
    int alive = seen.alive();
    if (peak > 0 && alive + wanted > 0) {
      // What crashed since the peak is replaced only if it is needed now.
      return decision(Math.max(wanted, Math.min(peak, alive)), Reason.KEEP_ALIVE, seen);
    }
    Instant kept = seen.idleSince().plus(settings.windows().stable());
    if (alive > 0 && seen.now().isBefore(kept)) {
      return decision(alive, Reason.KEEP_ALIVE, seen);
    }
    if (alive > 0 && seen.now().isBefore(kept.plus(settings.toZero().lastRetention()))) {
      return decision(1, Reason.KEEP_ALIVE, seen);
    }
    return decision(0, Reason.IDLE, seen);
  }

  private Decision decision(int instances, Reason reason, Observation seen) {
    String figures =
        String.format(
            Locale.ROOT,
            "%d in flight, %d waiting, %.2f in the last second; an instance takes %.2f",
            seen.inFlight(),
            seen.waiting(),
            lastSecond,
            settings.target().capacity());
    return new Decision(instances, reason, figures);
  }

  private Decision atMost(Decision free) {
    int most = settings.bounds().max();
    return most > 0 && free.instances() > most
        ? new Decision(most, Reason.MAX_SCALE, free.why())
        : free;
  }

  private Decision atLeast(Decision free) {
    int least = settings.bounds().min();
    return free.instances() < least ? new Decision(least, Reason.MIN_SCALE, free.why()) : free;
  }

  /** Rounded up, but not for what is only the error of floating-point sums. */
  private static int instancesFor(double load, double perInstance) {
    return (int) Math.min(MOST, Math.ceil(load / perInstance - 1e-9));
  }
}
