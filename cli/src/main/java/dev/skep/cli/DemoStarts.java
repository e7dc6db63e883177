package dev.skep.cli;

import java.util.List;

/** The short form of {@code skep bench coldstart}: one function, started in three ways. */
final class DemoStarts {
  static final List<BenchPlan> PLANS = List.of(BenchPlan.BOOT, BenchPlan.FILE, BenchPlan.REAP);

  private DemoStarts() {}

  static BenchFunction function() {
    return BenchFunction.named(List.of("hello-python")).getFirst();
  }

  /** A line for each start. */
  static String of(List<BenchStart> starts, Terminal terminal) {
    Table table =
        DemoBars.of(
            starts.stream()
                .map(
                    start ->
                        new DemoBars.Bar(
                            start.plan().label(), start.firstByteMillis(), start.plan().meaning()))
                .toList(),
            terminal);
    return "\nThe first answer of %s, page cache cold ('skep bench coldstart' measures more):\n%s"
        .formatted(function().name(), table);
  }
}
