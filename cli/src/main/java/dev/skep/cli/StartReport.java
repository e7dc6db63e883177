package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Shows one cold start: its phases with times, shares and bars on one time line. A phase that was
 * entered more than once has one line, with the sum.
 */
final class StartReport {
  private static final int BAR = 32;
  private static final Map<String, String> MEANINGS =
      Arrays.stream(Phase.values()).collect(Collectors.toMap(Phase::label, Phase::meaning));

  /** All stretches of one phase. */
  private record Spent(String phase, List<Json> spans) {
    long nanos() {
      return spans.stream().mapToLong(span -> span.at("durationNanos").number()).sum();
    }
  }

  private final Terminal terminal;

  StartReport(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What a start's record of the API says, as a table. */
  Table phases(Json start) {
    long total = Math.max(1, Times.nanos(start.at("total").text()));
    var table = new Table(terminal, "PHASE", "TIME", "SHARE", "WHEN", "WHAT HAPPENS");
    for (Spent spent : spent(start)) {
      table.row(
          spent.phase(),
          Times.precise(spent.nanos()),
          Math.round(100.0 * spent.nanos() / total) + "%",
          bar(spent.spans(), total),
          terminal.dim(meaning(spent.phase())));
    }
    return table;
  }

  /** The phase that took longest, empty for a record without phases. */
  static String longest(Json start) {
    return spent(start).stream()
        .max(Comparator.comparingLong(Spent::nanos))
        .map(Spent::phase)
        .orElse("");
  }

  /** In the order in which the phases began. */
  private static List<Spent> spent(Json start) {
    var byPhase = new LinkedHashMap<String, List<Json>>();
    for (Json span : start.at("phases").items()) {
      byPhase.computeIfAbsent(span.at("phase").text(), _ -> new ArrayList<>()).add(span);
    }
    return byPhase.entrySet().stream()
        .map(each -> new Spent(each.getKey(), each.getValue()))
        .toList();
  }

  private static String bar(List<Json> spans, long total) {
    var bar = new StringBuilder("·".repeat(BAR));
    for (Json span : spans) {
      fill(bar, span.at("startNanos").number(), span.at("durationNanos").number(), total);
    }
    return bar.toString();
  }

  /** One stretch of a time line of {@code total}; never shorter than one character. */
  static String bar(long from, long duration, long total) {
    var bar = new StringBuilder("·".repeat(BAR));
    fill(bar, from, duration, total);
    return bar.toString();
  }

  private static void fill(StringBuilder bar, long from, long duration, long total) {
    int first = (int) Math.min(BAR - 1, from * BAR / total);
    int last =
        (int) Math.min(BAR, Math.max(first + 1, Math.ceilDiv((from + duration) * BAR, total)));
    bar.replace(first, last, "█".repeat(last - first));
  }

  /** What happens in a phase, in one line; empty for a phase that this version does not know. */
  static String meaning(String phase) {
    return MEANINGS.getOrDefault(phase, "");
  }
}
