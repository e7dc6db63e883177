package dev.skep.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came back from one call of a function.
 *
 * @param headers in the order in which they came
 * @param nanos from the first byte out to the last byte in
 */
@SuppressWarnings("ArrayRecordComponent") // a body is bytes; nobody compares answers
record Invocation(
    int status, String reason, List<Map.Entry<String, String>> headers, byte[] body, long nanos) {

  private Optional<String> header(String name) {
    return headers.stream()
        .filter(header -> header.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /** The call had to wait for an instance to start. */
  boolean cold() {
    return header("Skep-Start").filter(value -> value.startsWith("cold")).isPresent();
  }

  /** The id that its cold start's record carries. */
  Optional<String> requestId() {
    return header("X-Request-Id");
  }
}
