package dev.skep.policy;

import java.time.Instant;
import java.util.List;

/**
 * What a scaler sees of one revision at one moment.
 *
 * @param ready instances that take requests
 * @param starting instances on their way, those waiting for a place to start included
 * @param inFlight requests inside instances now
 * @param waiting requests parked now
 * @param load of the seconds that ended since the observation before, oldest first
 * @param idleSince since when nothing was asked of the revision: no request, no start
 * @param reachable whether any traffic is routed to it
 * @param established whether its initial scale has been ready once
 */
public record Observation(
    Instant now,
    int ready,
    int starting,
    int inFlight,
    int waiting,
    List<LoadSecond> load,
    Instant idleSince,
    boolean reachable,
    boolean established) {
  public Observation {
    if (ready < 0 || starting < 0 || inFlight < 0 || waiting < 0) {
      throw new IllegalArgumentException(
          "observation: ready %d, starting %d, in flight %d, waiting %d (expected: none below 0)"
              .formatted(ready, starting, inFlight, waiting));
    }
    load = List.copyOf(load);
  }

  /** Instances that are there or on their way. */
  public int alive() {
    return ready + starting;
  }

  /** Requests that need a place now. */
  public int requests() {
    return inFlight + waiting;
  }
}
