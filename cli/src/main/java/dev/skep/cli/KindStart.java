package dev.skep.cli;

/**
 * One start of a function in one kind of sandbox: a row of {@code sandboxes.csv}.
 *
 * @param plan how it was started: {@code boot}, or how its memory came
 * @param totalMillis from the request's arrival to the last byte of its answer
 * @param warmMillis median of the requests that followed it
 * @param memoryBytes that the instance holds on the host after them
 */
record KindStart(
    String function,
    String kind,
    String plan,
    int round,
    double totalMillis,
    double warmMillis,
    long memoryBytes) {
  static final String HEADER = "function,sandbox,plan,round,total_ms,warm_ms,memory_bytes\n";

  String csv() {
    return "%s,%s,%s,%d,%.1f,%.2f,%d\n"
        .formatted(function, kind, plan, round, totalMillis, warmMillis, memoryBytes);
  }

  /** Whether it was started from nothing. */
  boolean boots() {
    return plan.equals("boot");
  }
}
