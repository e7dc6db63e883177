package dev.skep.cli;

import java.util.List;

/** The short form of {@code skep bench coldstart}: one function, started in three ways. */
final class DemoStarts {
  static final List<BenchPlan> PLANS = List.of(BenchPlan.BOOT, BenchPlan.FILE, BenchPlan.REAP);
  private static final int BAR = 40;

  private DemoStarts() {}

  static BenchFunction function() {
    return BenchFunction.named(List.of("hello-python")).getFirst();
  }

  /** A line for each start. */
  static String of(List<BenchStart> starts, Terminal terminal) {
    double longest = starts.stream().mapToDouble(BenchStart::firstByteMillis).max().orElse(1);
    var table = new Table(terminal);
    for (BenchStart start : starts) {
      double millis = start.firstByteMillis();
      int bar = Math.max(1, (int) Math.round(BAR * millis / longest));
      table.row(
          terminal.bold(start.plan().label()),
          Times.precise(Math.round(millis * 1e6)),
          terminal.green("█".repeat(bar)),
          terminal.dim(start.plan().meaning()));
    }
    return "\nThe first answer of %s, page cache cold ('skep bench coldstart' measures more):\n%s"
        .formatted(function().name(), table);
  }
}
