package dev.skep.gvisor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What runsc means by what it says: some of its messages point elsewhere. */
final class RunscWords {
  private static final Map<String, String> MEANINGS = new LinkedHashMap<>();

  static {
    MEANINGS.put(
        "cannot run with network enabled in root network namespace",
        "this runsc takes every network namespace for the host's, as versions before August 2024"
            + " do on kernels since 6.9 (expected: a later version, or one whose version Skep can"
            + " read, so that it hides /proc/sys/net from it)");
    MEANINGS.put(
        "endpoint cannot be saved in connected state",
        "the function has open connections, which this runsc cannot save, and so it has ended the"
            + " sandbox (expected: none, or a runsc of August 2024 or later)");
    MEANINGS.put(
        "can't get final child's PID from pipe",
        "the host does not let root lower oom_score_adj (CAP_SYS_RESOURCE is missing)");
    MEANINGS.put(
        "sandbox isn't running",
        "the sandbox has ended before it answered; what it said is in the daemon's log");
  }

  private RunscWords() {}

  /** Empty where runsc's own words are the best there are. */
  static Optional<String> meaning(String said) {
    return MEANINGS.entrySet().stream()
        .filter(entry -> said.contains(entry.getKey()))
        .map(entry -> entry.getValue() + ": " + line(said, entry.getKey()))
        .findFirst();
  }

  /** The line that says most: runsc puts usage and warnings before it, and stacks behind it. */
  static String last(String said) {
    List<String> lines =
        said.lines()
            .map(String::strip)
            .takeWhile(line -> !line.startsWith("goroutine "))
            .filter(line -> !line.isEmpty())
            .toList();
    return lines.isEmpty() ? "no word why" : lines.getLast();
  }

  private static String line(String said, String part) {
    return said.lines().filter(line -> line.contains(part)).findFirst().orElse(said).strip();
  }
}
