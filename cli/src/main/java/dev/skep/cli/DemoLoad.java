package dev.skep.cli;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * A closed loop: so many callers, each with a connection of its own, each sending its next request
 * when its last one was answered. Shows how fast a function answers at a bounded concurrency; it is
 * no open-loop benchmark and does not claim to be.
 */
final class DemoLoad {
  /**
   * What came of it.
   *
   * @param sortedNanos latencies of the requests that were answered
   * @param firstFailure what the first request that failed said
   */
  record Result(
      List<Long> sortedNanos, int failed, Optional<String> firstFailure, long elapsedNanos) {
    /**
     * The smallest latency that at least that share of the answered requests did not exceed; 0
     * without any.
     */
    long percentile(double share) {
      if (sortedNanos.isEmpty()) {
        return 0;
      }
      int rank = (int) Math.ceil(share * sortedNanos.size());
      return sortedNanos.get(Math.clamp(rank - 1, 0, sortedNanos.size() - 1));
    }

    int answered() {
      return sortedNanos.size();
    }

    double perSecond() {
      return elapsedNanos == 0 ? 0 : answered() * 1e9 / elapsedNanos;
    }
  }

  private final Caller.Factory function;
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicReference<Optional<String>> firstFailure =
      new AtomicReference<>(Optional.empty());

  DemoLoad(Caller.Factory function) {
    this.function = function;
  }

  /** Requests that came back so far, failed ones included. */
  int done() {
    return done.get();
  }

  /** Sends {@code total} requests, {@code callers} at a time. */
  Result send(int total, int callers) throws InterruptedException {
    var left = new AtomicInteger(total);
    return sendWhile(() -> left.getAndDecrement() > 0, callers);
  }

  /**
   * Sends requests, {@code callers} at a time, until {@code more} says no.
   *
   * @param more asked before each request, by several threads
   */
  Result sendWhile(BooleanSupplier more, int callers) throws InterruptedException {
    var latencies = new ArrayList<List<Long>>();
    var threads = new ArrayList<Thread>();
    long began = System.nanoTime();
    for (int i = 0; i < callers; i++) {
      var own = new ArrayList<Long>();
      latencies.add(own);
      threads.add(Thread.ofPlatform().daemon().name("load-" + i).start(() -> loop(more, own)));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      threads.forEach(Thread::interrupt); // closes their channels
      throw e;
    }
    long elapsed = System.nanoTime() - began;
    List<Long> sorted = latencies.stream().flatMap(List::stream).sorted().toList();
    return new Result(sorted, failed.get(), firstFailure.get(), elapsed);
  }

  /** A failed request costs its connection: the next one gets a new one. */
  private void loop(BooleanSupplier more, List<Long> latencies) {
    boolean wanted = more.getAsBoolean();
    while (wanted && !Thread.currentThread().isInterrupted()) {
      try (Caller caller = function.open()) {
        while (wanted) {
          latencies.add(answered(caller.call()).nanos());
          done.incrementAndGet();
          wanted = more.getAsBoolean();
        }
      } catch (IOException | SkepException e) {
        fail(e);
        wanted = more.getAsBoolean();
      }
    }
  }

  private static Invocation answered(Invocation answer) throws IOException {
    if (answer.status() >= 400) {
      String said = new String(answer.body(), StandardCharsets.UTF_8).strip();
      throw new IOException("HTTP " + answer.status() + " " + answer.reason() + ": " + said);
    }
    return answer;
  }

  private void fail(Exception failure) {
    done.incrementAndGet();
    failed.incrementAndGet();
    firstFailure.compareAndSet(Optional.empty(), Optional.of(String.valueOf(failure.getMessage())));
  }
}
