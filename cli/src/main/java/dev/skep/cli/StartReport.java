package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Collectors;

/** Shows one cold start: its phases with times, shares and bars on one time line. */
final class StartReport {
  private static final int BAR = 32;
  private static final Map<String, String> MEANINGS =
      Arrays.stream(Phase.values()).collect(Collectors.toMap(Phase::label, Phase::meaning));

  private final Terminal terminal;

  StartReport(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What a start's record of the API says, as a table. */
  Table phases(Json start) {
    long total = Math.max(1, Times.nanos(start.at("total").text()));
    var table = new Table(terminal, "PHASE", "TIME", "SHARE", "WHEN", "WHAT HAPPENS");
    for (Json span : start.at("phases").items()) {
      long nanos = span.at("durationNanos").number();
      table.row(
          span.at("phase").text(),
          Times.precise(nanos),
          Math.round(100.0 * nanos / total) + "%",
          bar(span.at("startNanos").number(), nanos, total),
          terminal.dim(meaning(span.at("phase").text())));
    }
    return table;
  }

  /** The phase that took longest, empty for a record without phases. */
  static String longest(Json start) {
    return start.at("phases").items().stream()
        .max(Comparator.comparingLong(span -> span.at("durationNanos").number()))
        .map(span -> span.at("phase").text())
        .orElse("");
  }

  static String bar(long from, long duration, long total) {
    int first = (int) Math.min(BAR - 1, from * BAR / total);
    int last =
        (int) Math.min(BAR, Math.max(first + 1, Math.ceilDiv((from + duration) * BAR, total)));
    return "·".repeat(first) + "█".repeat(last - first) + "·".repeat(BAR - last);
  }

  /** What happens in a phase, in one line; empty for a phase that this version does not know. */
  static String meaning(String phase) {
    return MEANINGS.getOrDefault(phase, "");
  }
}
