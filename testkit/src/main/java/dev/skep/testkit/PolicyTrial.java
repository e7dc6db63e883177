package dev.skep.testkit;

import dev.skep.policy.LoadMeter;
import dev.skep.policy.LoadSecond;
import dev.skep.policy.Observation;
import dev.skep.policy.Scaler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * One revision under a scaler, on a virtual clock: what a policy costs and saves for a list of
 * arrivals. Instances become ready after a fixed time, requests last a fixed time and wait in one
 * queue. Steps are of 100 ms; the same arrivals give the same result.
 */
public final class PolicyTrial {
  private static final Duration STEP = Duration.ofMillis(100);
  private static final Duration TICK = Duration.ofSeconds(1);

  /**
   * What came of it.
   *
   * @param cold requests that found no free place
   * @param waitedSeconds of all requests together
   * @param instanceSeconds of all instances, their starts included, until nothing is left
   */
  public record Result(int requests, int cold, double waitedSeconds, double instanceSeconds) {}

  private final int concurrency;
  private final Duration startup;
  private final Duration service;

  /**
   * @param concurrency requests that an instance takes at once
   * @param startup from a decision to a ready instance
   * @param service of one request
   */
  public PolicyTrial(int concurrency, Duration startup, Duration service) {
    this.concurrency = concurrency;
    this.startup = startup;
    this.service = service;
  }

  /**
   * Plays all arrivals and what follows them, until the scaler wants nothing more.
   *
   * @param arrivals in order
   */
  public Result run(Scaler scaler, List<Instant> arrivals) {
    return new Run(scaler, arrivals).play();
  }

  private final class Run {
    private final Scaler scaler;
    private final ArrayDeque<Instant> coming;
    private final int requests;
    private final ArrayDeque<Instant> waiting = new ArrayDeque<>();
    private final PriorityQueue<Instant> running = new PriorityQueue<>();
    private final ArrayDeque<Instant> starting = new ArrayDeque<>();
    private final LoadMeter meter;
    private Instant now;
    private Instant looked;
    private Instant idleSince;
    private int ready;
    private int cold;
    private int arrived;
    private double area;
    private double waited;
    private double alive;
    private int wanted;

    Run(Scaler scaler, List<Instant> arrivals) {
      this.scaler = scaler;
      this.coming = new ArrayDeque<>(arrivals);
      this.requests = arrivals.size();
      this.now = arrivals.getFirst();
      this.looked = now;
      this.idleSince = now;
      this.meter = new LoadMeter(now);
    }

    Result play() {
      do {
        boolean parked = move();
        if (parked || !now.isBefore(looked.plus(TICK))) {
          look();
        }
      } while (advance());
      return new Result(requests, cold, waited, alive);
    }

    /** Whether a request has come that has to wait. */
    private boolean move() {
      while (!running.isEmpty() && !running.peek().isAfter(now)) {
        running.remove();
      }
      while (!starting.isEmpty() && !starting.peek().isAfter(now)) {
        starting.remove();
        ready++;
      }
      dispatch(false);
      int before = waiting.size();
      while (!coming.isEmpty() && !coming.peek().isAfter(now)) {
        waiting.add(coming.remove());
        arrived++;
      }
      dispatch(true);
      return waiting.size() > before;
    }

    private void dispatch(boolean atOnce) {
      while (!waiting.isEmpty() && running.size() < ready * concurrency) {
        waited += seconds(Duration.between(waiting.remove(), now));
        cold += atOnce ? 0 : 1;
        running.add(now.plus(service));
      }
    }

    private void look() {
      double period = seconds(Duration.between(looked, now));
      int requestsNow = running.size() + waiting.size();
      double average = period > 0 ? area / period : requestsNow;
      List<LoadSecond> load = meter.add(now, average, arrived);
      if (requestsNow > 0 || arrived > 0 || !starting.isEmpty()) {
        idleSince = now;
      }
      area = 0;
      arrived = 0;
      looked = now;
      var seen =
          new Observation(
              now,
              ready,
              starting.size(),
              running.size(),
              waiting.size(),
              load,
              idleSince,
              true,
              true);
      apply(scaler.decide(seen).instances());
    }

    private void apply(int instances) {
      wanted = instances;
      for (int missing = wanted - ready - starting.size(); missing > 0; missing--) {
        starting.add(now.plus(startup));
      }
      int busy = (running.size() + concurrency - 1) / concurrency;
      ready = Math.max(busy, Math.min(ready, Math.max(0, wanted - starting.size())));
    }

    /** To the next moment at which something may happen; false when nothing will. */
    private boolean advance() {
      if (ready + starting.size() + waiting.size() + wanted > 0) {
        area += (running.size() + waiting.size()) * seconds(STEP);
        alive += (ready + starting.size()) * seconds(STEP);
        now = now.plus(STEP);
        return true;
      }
      Optional<Instant> again = scaler.again().filter(at -> at.isAfter(now));
      Instant next = coming.isEmpty() ? null : coming.peek();
      if (again.isPresent() && (next == null || again.get().isBefore(next))) {
        next = again.get();
        looked = next.minus(TICK);
      }
      if (next == null) {
        return false;
      }
      now = next;
      return true;
    }
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }
}
