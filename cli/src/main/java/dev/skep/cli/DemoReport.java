package dev.skep.cli;

import java.util.List;
import java.util.Locale;

/**
 * One table per function: the phases of its cold start, its warm latencies, its instances over
 * time.
 */
final class DemoReport {
  private static final int COLUMNS = 60;

  private final Terminal terminal;
  private final DemoWatch.Period period;

  DemoReport(Terminal terminal, DemoWatch.Period period) {
    this.terminal = terminal;
    this.period = period;
  }

  String of(DemoResult result, DemoTimeline timeline) {
    long total = Times.nanos(result.cold().at("total").text());
    var text = new StringBuilder();
    text.append('\n')
        .append(terminal.bold(result.function().name()))
        .append(", ")
        .append(result.function().example().title())
        .append(": first answer after ")
        .append(terminal.bold(Times.precise(total)))
        .append(" \"")
        .append(result.answer().strip())
        .append("\"\n");
    text.append(new StartReport(terminal).phases(result.cold()));
    text.append('\n').append(rows(result, timeline));
    return text.toString();
  }

  private Table rows(DemoResult result, DemoTimeline timeline) {
    String line = DemoSparkline.of(timeline.columns(period.fromNanos(), period.toNanos(), COLUMNS));
    return new Table(terminal)
        .row("warm", latencies(result.warm(), result.warmCallers()))
        .row("burst", latencies(result.burst(), result.burstCallers()))
        .row(
            "instances",
            terminal.green(line)
                + "  0 to "
                + timeline.most()
                + " to "
                + timeline.now()
                + " in "
                + Times.precise(period.toNanos() - period.fromNanos()));
  }

  private String latencies(DemoLoad.Result result, int callers) {
    String failures =
        result.failed() == 0
            ? ""
            : terminal.red(
                "  " + result.failed() + " failed: " + result.firstFailure().orElse("?"));
    return String.format(
        Locale.ROOT,
        "p50 %s  p99 %s  (%,d answers, %d at a time, %,.0f/s)%s",
        terminal.bold(Times.precise(result.percentile(0.50))),
        terminal.bold(Times.precise(result.percentile(0.99))),
        result.answered(),
        callers,
        result.perSecond(),
        failures);
  }

  /** All functions beside each other. */
  String summary(List<DemoResult> results) {
    var table =
        new Table(terminal, "FUNCTION", "FIRST ANSWER", "MOST OF IT", "WARM P50", "WARM P99");
    for (DemoResult result : results) {
      table.row(
          result.function().name(),
          Times.precise(Times.nanos(result.cold().at("total").text())),
          StartReport.longest(result.cold()),
          Times.precise(result.warm().percentile(0.50)),
          Times.precise(result.warm().percentile(0.99)));
    }
    return "\n" + table;
  }
}
