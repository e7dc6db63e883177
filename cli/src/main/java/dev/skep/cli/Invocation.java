package dev.skep.cli;

import java.util.Arrays;
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

  /** The call had to wait for an instance to start. */
  boolean cold() {
    return skepStart().startsWith("cold");
  }

  /** The id that the record of its cold start carries. */
  Optional<String> requestId() {
    return Arrays.stream(skepStart().split(";", -1))
        .map(String::strip)
        .filter(part -> part.startsWith("id="))
        .map(part -> part.substring(3))
        .findFirst();
  }

  private String skepStart() {
    return headers.stream()
        .filter(header -> header.getKey().equalsIgnoreCase("Skep-Start"))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse("");
  }
}
