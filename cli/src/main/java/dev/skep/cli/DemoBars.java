package dev.skep.cli;

import java.util.List;

/** Times of starts as bars, the longest over the whole width. */
final class DemoBars {
  private static final int WIDTH = 40;

  private DemoBars() {}

  /**
   * One line.
   *
   * @param remark behind the bar
   */
  record Bar(String name, double millis, String remark) {}

  static Table of(List<Bar> bars, Terminal terminal) {
    double longest = bars.stream().mapToDouble(Bar::millis).max().orElse(1);
    var table = new Table(terminal);
    for (Bar bar : bars) {
      int width = Math.max(1, (int) Math.round(WIDTH * bar.millis() / longest));
      table.row(
          terminal.bold(bar.name()),
          Times.precise(Math.round(bar.millis() * 1e6)),
          terminal.green("█".repeat(width)),
          terminal.dim(bar.remark()));
    }
    return table;
  }
}
