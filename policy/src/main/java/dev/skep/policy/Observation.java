package dev.skep.policy;

import java.time.Instant;

/**
 * What a scaler sees of one revision at one moment.
 *
 * @param ready instances that take requests
 * @param starting instances on their way, those waiting for a place to start included
 * @param inFlight requests inside instances now
 * @param waiting requests parked now
 * @param averageConcurrency time-weighted mean of in-flight plus waiting over the last whole second
 *     with a ready instance; 0 before there was one
 * @param idleSince since when nothing was asked of the revision: no request, no start
 * @param reachable whether any traffic is routed to it
 */
public record Observation(
    Instant now,
    int ready,
    int starting,
    int inFlight,
    int waiting,
    double averageConcurrency,
    Instant idleSince,
    boolean reachable) {
  public Observation {
    if (ready < 0 || starting < 0 || inFlight < 0 || waiting < 0 || !(averageConcurrency >= 0)) {
      throw new IllegalArgumentException(
          "observation: ready %d, starting %d, in flight %d, waiting %d, average %s (expected: none below 0)"
              .formatted(ready, starting, inFlight, waiting, averageConcurrency));
    }
  }
}
