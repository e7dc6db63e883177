package dev.skep.policy;

import java.time.Instant;

/**
 * The load of one revision in one whole second.
 *
 * @param end of the second
 * @param concurrency time-weighted mean of in-flight plus waiting requests
 * @param requests that came in it; a fraction where somebody looked across its border
 */
public record LoadSecond(Instant end, double concurrency, double requests) {
  public LoadSecond {
    if (!(concurrency >= 0) || !(requests >= 0)) {
      throw new IllegalArgumentException(
          "load of a second: concurrency %s, requests %s (expected: none below 0)"
              .formatted(concurrency, requests));
    }
  }

  boolean isQuiet() {
    return concurrency == 0 && requests == 0;
  }
}
