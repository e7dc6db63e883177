package dev.skep.gateway;

import dev.skep.control.RevisionTraffic;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The three timeouts of one request, as they were set when it arrived. */
final class Deadlines {
  /** A timeout that has passed. */
  enum Breach {
    WHOLE,
    RESPONSE_START,
    IDLE
  }

  private final long arrivedNanos;
  private final Duration whole;
  private final Duration responseStart;
  private final Duration idle;
  private boolean active;
  private long activeNanos;

  Deadlines(RevisionTraffic traffic, long arrivedNanos) {
    this.arrivedNanos = arrivedNanos;
    activeNanos = arrivedNanos;
    whole = traffic.timeout();
    responseStart = traffic.responseStartTimeout();
    idle = traffic.idleTimeout();
  }

  /** A byte moved. Cheap: the next check reads the clock for it. */
  void touch() {
    active = true;
  }

  /**
   * The timeout that has passed, if one has.
   *
   * @param dispatched it is in an instance: waiting for a start is not idleness
   * @param responding the first byte of the response is there
   */
  @Nullable Breach check(long now, boolean dispatched, boolean responding) {
    if (active || !dispatched) {
      active = false;
      activeNanos = now;
    }
    if (passed(whole, now - arrivedNanos)) {
      return Breach.WHOLE;
    }
    if (!responding && passed(responseStart, now - arrivedNanos)) {
      return Breach.RESPONSE_START;
    }
    return passed(idle, now - activeNanos) ? Breach.IDLE : null;
  }

  Duration limit(Breach breach) {
    return switch (breach) {
      case WHOLE -> whole;
      case RESPONSE_START -> responseStart;
      case IDLE -> idle;
    };
  }

  private static boolean passed(Duration limit, long nanos) {
    return !limit.isZero() && nanos >= limit.toNanos();
  }
}
