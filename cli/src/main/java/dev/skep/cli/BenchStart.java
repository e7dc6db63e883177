package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.Map;

/**
 * One measured call: a row of {@code starts.csv}.
 *
 * @param cold whether the files of image and snapshot were evicted from the page cache before
 * @param input what the request asked for
 * @param totalMillis from the request's arrival to the last byte of its answer
 * @param phases milliseconds of each phase that took time
 * @param setPages of the working set that was installed
 * @param fetchMillis until the working set was in the pager's memory
 * @param installMillis until it was in the guest's
 * @param demandFaults pages that the guest waited for, where a pager counts them; else -1
 * @param majorFaults of the VMM: those that waited for a disk
 * @param cpuMillis of the VMM
 */
record BenchStart(
    String function,
    BenchPlan plan,
    boolean cold,
    int round,
    String input,
    double totalMillis,
    Map<Phase, Double> phases,
    long setPages,
    double fetchMillis,
    double installMillis,
    long demandFaults,
    long majorFaults,
    long cpuMillis) {

  double firstByteMillis() {
    return totalMillis - phase(Phase.RESPONSE_WRITE);
  }

  double phase(Phase phase) {
    return phases.getOrDefault(phase, 0.0);
  }

  String cache() {
    return cold ? "cold" : "warm";
  }
}
