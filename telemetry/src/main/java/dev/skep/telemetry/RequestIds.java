package dev.skep.telemetry;

import java.util.Optional;

/**
 * By what a request is known.
 *
 * @param request the {@code X-Request-Id} that it carries
 * @param trace that it belongs to (the trace id of W3C's {@code traceparent}), if it says so
 */
public record RequestIds(String request, Optional<String> trace) {
  /** Of a request that belongs to no trace. */
  public static RequestIds of(String request) {
    return new RequestIds(request, Optional.empty());
  }
}
