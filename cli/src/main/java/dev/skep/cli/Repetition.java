package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The same call made many times by a fixed number of callers, each waiting for its answer: a closed
 * loop, which shows what a caller sees but hides queueing; for load tests use an open loop.
 */
record Repetition(List<Invocation> answers, Map<String, Integer> failures, long nanos) {
  static Repetition run(Caller.Factory factory, int times, int callers)
      throws InterruptedException {
    if (callers < 1) {
      throw new SkepException(Code.INVALID, "--concurrency " + callers + ": expected at least 1");
    }
    var answers = new ConcurrentLinkedQueue<Invocation>();
    var failures = new ConcurrentLinkedQueue<String>();
    var left = new AtomicInteger(times);
    long began = System.nanoTime();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < Math.min(callers, times); i++) {
      threads.add(
          Thread.ofVirtual()
              .name("caller-" + i)
              .start(() -> loop(factory, left, answers, failures)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    var counted = new TreeMap<String, Integer>();
    failures.forEach(failure -> counted.merge(failure, 1, Integer::sum));
    return new Repetition(List.copyOf(answers), counted, System.nanoTime() - began);
  }

  private static void loop(
      Caller.Factory factory,
      AtomicInteger left,
      ConcurrentLinkedQueue<Invocation> answers,
      ConcurrentLinkedQueue<String> failures) {
    try (Caller caller = factory.open()) {
      while (left.getAndDecrement() > 0) {
        try {
          answers.add(caller.call());
        } catch (java.io.IOException | SkepException e) {
          failures.add(String.valueOf(e.getMessage()));
        }
      }
    } catch (java.io.IOException e) {
      failures.add(String.valueOf(e.getMessage()));
    }
  }

  int report(SkepCommand command) {
    long[] sorted = answers.stream().mapToLong(Invocation::nanos).sorted().toArray();
    var statuses = new TreeMap<Integer, Integer>();
    answers.forEach(answer -> statuses.merge(answer.status(), 1, Integer::sum));
    int cold = (int) answers.stream().filter(Invocation::cold).count();
    if (command.wantsTable()) {
      print(command.terminal(), sorted, statuses, cold);
    } else {
      command.printTree(tree(sorted, statuses, cold));
    }
    boolean good =
        failures.isEmpty() && statuses.keySet().stream().allMatch(status -> status < 400);
    return good ? ExitCodes.OK : ExitCodes.FAILED;
  }

  private void print(Terminal out, long[] sorted, Map<Integer, Integer> statuses, int cold) {
    out.println(
        answers.size()
            + " answers in "
            + Times.precise(nanos)
            + ": "
            + Math.round(answers.size() * 1e9 / nanos)
            + "/s, "
            + cold
            + " cold");
    statuses.forEach((status, count) -> out.println("  status " + status + "  " + count));
    failures.forEach(
        (failure, count) -> out.println("  " + out.red("failed") + "  " + count + "  " + failure));
    if (sorted.length > 0) {
      var table = new Table(out, "MIN", "P50", "P90", "P99", "MAX", "MEAN");
      table.row(
          Times.precise(sorted[0]),
          at(sorted, 0.5),
          at(sorted, 0.9),
          at(sorted, 0.99),
          Times.precise(sorted[sorted.length - 1]),
          Times.precise((long) Arrays.stream(sorted).average().orElse(0)));
      table.print();
    }
  }

  private Json tree(long[] sorted, Map<Integer, Integer> statuses, int cold) {
    Json counts = Json.object();
    statuses.forEach((status, count) -> counts.set(status.toString(), count));
    Json tree =
        Json.object()
            .set("answers", answers.size())
            .set("cold", cold)
            .set("seconds", nanos / 1e9)
            .set("status", counts)
            .set("failures", failures);
    if (sorted.length > 0) {
      tree.set(
          "millis",
          Json.object()
              .set("min", sorted[0] / 1e6)
              .set("p50", percentile(sorted, 0.5) / 1e6)
              .set("p90", percentile(sorted, 0.9) / 1e6)
              .set("p99", percentile(sorted, 0.99) / 1e6)
              .set("max", sorted[sorted.length - 1] / 1e6));
    }
    return tree;
  }

  private static String at(long[] sorted, double share) {
    return Times.precise(percentile(sorted, share));
  }

  /** Nearest rank. */
  static long percentile(long[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }
}
