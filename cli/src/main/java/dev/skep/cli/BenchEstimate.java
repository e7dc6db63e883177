package dev.skep.cli;

import java.time.Duration;
import java.util.List;

/** How long a run takes: said before it, and more exactly once each function was started twice. */
final class BenchEstimate {
  /** In software emulation, on two cores; with KVM it is a fraction. */
  private static final Duration BOOT = Duration.ofSeconds(8);

  private static final Duration RESTORE = Duration.ofMillis(2500);
  private static final Duration SNAPSHOT = Duration.ofSeconds(8);

  private BenchEstimate() {}

  static String before(int functions, List<BenchPlan> plans, int rounds, int atOnce) {
    Duration all =
        preparation(functions)
            .plus(rounds(functions, plans, rounds))
            .plus(RESTORE.multipliedBy(atOnce * 2L));
    return "%d starts of %d functions: about %s in software emulation, less with KVM"
        .formatted(functions * rounds * BenchRun.callsOf(plans), functions, minutes(all));
  }

  /**
   * @param preparedNanos how long it took to prepare the functions
   */
  static String after(int functions, List<BenchPlan> plans, int rounds, long preparedNanos) {
    double pace = (double) preparedNanos / preparation(functions).toNanos();
    long nanos = Math.round(pace * rounds(functions, plans, rounds).toNanos());
    return "the rounds take about " + minutes(Duration.ofNanos(nanos));
  }

  private static Duration preparation(int functions) {
    return BOOT.plus(SNAPSHOT).plus(RESTORE).multipliedBy(functions);
  }

  private static Duration rounds(int functions, List<BenchPlan> plans, int rounds) {
    boolean boots = plans.contains(BenchPlan.BOOT);
    int restores = BenchRun.callsOf(plans) - (boots ? 2 : 0);
    Duration one = RESTORE.multipliedBy(restores).plus(BOOT.multipliedBy(boots ? 2 : 0));
    return one.multipliedBy((long) functions * rounds);
  }

  private static String minutes(Duration time) {
    long minutes = time.plusSeconds(30).toMinutes();
    return minutes < 1 ? "a minute" : minutes + " min";
  }
}
