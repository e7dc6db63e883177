package dev.skep.policy;

import dev.skep.policy.Decision.Reason;
import java.time.Instant;

/**
 * Scales by concurrency: at once to what the requests of this moment need, on the average to what
 * keeps instances at their target, down to what was needed at most within the window, and to zero
 * after a window without need. A revision without traffic keeps none beyond its last requests.
 *
 * <p>A request that waits counts against the hard capacity, because it must get a place; the
 * average counts against the target, because it tells that places are about to run out.
 */
public final class ConcurrencyScaler implements Scaler {
  private static final double MOST = 1_000_000;

  private final ScalingSettings settings;
  private final PeakWindow peaks;

  public ConcurrencyScaler(ScalingSettings settings) {
    this.settings = settings;
    this.peaks = new PeakWindow(settings.window());
  }

  @Override
  public Decision decide(Observation seen) {
    int wanted = wantedNow(seen);
    int peak = peaks.record(seen.now(), wanted);
    if (!seen.reachable()) {
      return atMost(new Decision(wanted, wanted > 0 ? Reason.LOAD : Reason.IDLE));
    }
    return atLeast(atMost(kept(seen, wanted, peak)));
  }

  private int wantedNow(Observation seen) {
    int needed = instancesFor((double) seen.inFlight() + seen.waiting(), settings.capacity());
    int steady = seen.ready() == 0 ? 0 : instancesFor(seen.averageConcurrency(), settings.target());
    return Math.max(needed, steady);
  }

  private Decision kept(Observation seen, int wanted, int peak) {
    if (wanted > 0 && wanted >= peak) {
      return new Decision(wanted, Reason.LOAD);
    }
    int alive = seen.ready() + seen.starting();
    if (peak > 0 && alive + wanted > 0) {
      // What crashed since the peak is replaced only if it is needed now.
      return new Decision(Math.max(wanted, Math.min(peak, alive)), Reason.KEEP_ALIVE);
    }
    Instant kept = seen.idleSince().plus(settings.window());
    if (alive > 0 && seen.now().isBefore(kept)) {
      return new Decision(alive, Reason.KEEP_ALIVE);
    }
    if (alive > 0 && seen.now().isBefore(kept.plus(settings.lastRetention()))) {
      return new Decision(1, Reason.KEEP_ALIVE);
    }
    return new Decision(0, Reason.IDLE);
  }

  private Decision atMost(Decision free) {
    int most = settings.maxScale();
    return most > 0 && free.instances() > most ? new Decision(most, Reason.MAX_SCALE) : free;
  }

  private Decision atLeast(Decision free) {
    int least = settings.minScale();
    return free.instances() < least ? new Decision(least, Reason.MIN_SCALE) : free;
  }

  /** Rounded up, but not for what is only the error of floating-point sums. */
  private static int instancesFor(double concurrency, double perInstance) {
    return (int) Math.min(MOST, Math.ceil(concurrency / perInstance - 1e-9));
  }
}
