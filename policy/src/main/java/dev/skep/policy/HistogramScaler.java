package dev.skep.policy;

import dev.skep.policy.Decision.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hybrid histogram policy of Shahrad et al., "Serverless in the Wild", USENIX ATC 2020, section
 * 4: the times for which a function was idle are kept in a histogram of one-minute bins over four
 * hours. Where it is representative, the instance goes as soon as it is idle and comes back shortly
 * before the next request is likely (pre-warming window: 5th percentile less 10 %), to stay until
 * that is unlikely (keep-alive: up to the 99th percentile plus 10 %). Where it is not, an instance
 * is kept for the whole range. While requests are there, as many as they need are.
 *
 * <p>The paper forecasts with ARIMA where most idle times are beyond the range; here the range is
 * the keep-alive then too. It allows one instance at a time, as the paper's applications have.
 */
public final class HistogramScaler implements Scaler {
  private static final Duration BIN = Duration.ofMinutes(1);
  private static final int BINS = 240;
  private static final double HEAD = 0.05;
  private static final double TAIL = 0.99;
  private static final double MARGIN = 0.1;

  /** Coefficient of variation of the bins' counts from which a histogram says something. */
  private static final double REPRESENTATIVE = 2;

  private static final double MOST_OUT_OF_BOUNDS = 0.5;

  private final ScalingSettings settings;
  private final ConcurrencyScaler demand;
  private final int[] counts = new int[BINS];
  private int inside;
  private int outside;
  private @Nullable Instant idleSince;
  private Windows windows = Windows.STANDARD;
  private Optional<Instant> again = Optional.empty();

  /**
   * What follows the end of the last request.
   *
   * @param preWarm time without an instance
   * @param until time from which on there is none again
   */
  record Windows(Duration preWarm, Duration until, boolean learned) {
    static final Windows STANDARD = new Windows(Duration.ZERO, BIN.multipliedBy(BINS), false);
  }

  public HistogramScaler(ScalingSettings settings) {
    this.settings = settings;
    this.demand = new ConcurrencyScaler(settings);
  }

  @Override
  public Decision decide(Observation seen) {
    int wanted = demand.wantedNow(seen);
    boolean busy = wanted > 0 || seen.load().stream().anyMatch(second -> !second.isQuiet());
    if (busy) {
      noteRequest(seen.now());
    } else if (idleSince == null && seen.alive() > 0) {
      idleSince = seen.now();
      windows = windows();
    }
    return settings
        .bounds()
        .within(idleSince == null ? loaded(seen, wanted) : idle(seen, idleSince), seen);
  }

  private void noteRequest(Instant now) {
    if (idleSince == null) {
      return;
    }
    long bin = Duration.between(idleSince, now).dividedBy(BIN);
    if (bin < BINS) {
      counts[(int) bin]++;
      inside++;
    } else {
      outside++;
    }
    idleSince = null;
    again = Optional.empty();
  }

  private static Decision loaded(Observation seen, int wanted) {
    // A request that ended within this second needs nothing; the instance is not idle yet either.
    int instances = Math.max(wanted, Math.min(1, seen.alive()));
    String why = "%d in flight, %d waiting".formatted(seen.inFlight(), seen.waiting());
    return new Decision(instances, Reason.LOAD, why);
  }

  private Decision idle(Observation seen, Instant since) {
    Instant from = since.plus(windows.preWarm());
    Instant until = since.plus(windows.until());
    boolean before = seen.now().isBefore(from);
    boolean over = !seen.now().isBefore(until);
    again = over ? Optional.empty() : Optional.of(before ? from : until);
    if (before || over) {
      return new Decision(0, Reason.IDLE, figures());
    }
    return new Decision(
        1, windows.preWarm().isZero() ? Reason.KEEP_ALIVE : Reason.PRE_WARM, figures());
  }

  private String figures() {
    return String.format(
        Locale.ROOT,
        "%d idle times within 4 h, %d beyond; %s: an instance from %s to %s after the last request",
        inside,
        outside,
        windows.learned() ? "representative" : "not representative",
        windows.preWarm(),
        windows.until());
  }

  @Override
  public Optional<Instant> again() {
    return again;
  }

  /** Section 4.2, figure 12. */
  Windows windows() {
    boolean mostInside = outside <= MOST_OUT_OF_BOUNDS * (inside + outside);
    if (inside == 0 || !mostInside || variation() < REPRESENTATIVE) {
      return Windows.STANDARD;
    }
    // Idle times of a bin may lie anywhere in it: the head rounds down, the tail up.
    double head = bin(HEAD) * (1 - MARGIN);
    double tail = (bin(TAIL) + 1) * (1 + MARGIN);
    return new Windows(minutes(head), minutes(tail), true);
  }

  private static Duration minutes(double bins) {
    return Duration.ofSeconds(Math.round(bins * BIN.toSeconds()));
  }

  private int bin(double quantile) {
    double rank = quantile * inside;
    int bin = 0;
    int below = counts[0];
    while (below < rank) {
      bin++;
      below += counts[bin];
    }
    return bin;
  }

  private double variation() {
    double mean = (double) inside / BINS;
    double squares = 0;
    for (int count : counts) {
      squares += (count - mean) * (count - mean);
    }
    return Math.sqrt(squares / BINS) / mean;
  }
}
