package dev.skep.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counters of the whole gateway, for a Prometheus collector to read. Each event loop counts in a
 * shard of its own, so that counting costs no more than an add; {@link #snapshot} adds them up.
 */
public final class GatewayMetrics {
  /** Upper bounds of the latency buckets, in seconds; the last bucket has none. */
  public static final List<Double> LATENCY_BOUNDS =
      List.of(
          0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
          30.0, 60.0, 300.0);

  private static final long[] BOUND_NANOS =
      LATENCY_BOUNDS.stream().mapToLong(seconds -> Math.round(seconds * 1e9)).toArray();

  private static final int CLASSES = 6;
  private static final int STARTED = CLASSES;
  private static final int DONE = STARTED + 1;
  private static final int PARKED = DONE + 1;
  private static final int UNPARKED = PARKED + 1;
  private static final int BYTES_IN = UNPARKED + 1;
  private static final int BYTES_OUT = BYTES_IN + 1;
  private static final int LATENCY_SUM = BYTES_OUT + 1;
  private static final int BUCKETS = LATENCY_SUM + 1;
  private static final int SIZE = BUCKETS + BOUND_NANOS.length + 1;

  private final List<Shard> shards = new ArrayList<>();

  /**
   * The counters at one moment.
   *
   * @param responses by class of the status: index 1 to 5; index 0 are requests that ended without
   *     a response because the client left
   * @param inProgress requests that came and did not end, parked ones included
   * @param parked requests that wait for a slot now
   * @param parkedTotal requests that ever waited
   * @param requestBytes of bodies from clients
   * @param responseBytes of bodies from instances
   * @param latencySeconds sum over ended requests
   * @param latencyBuckets requests per bucket, not cumulated; one more than {@link #LATENCY_BOUNDS}
   */
  public record Snapshot(
      List<Long> responses,
      long inProgress,
      long parked,
      long parkedTotal,
      long requestBytes,
      long responseBytes,
      double latencySeconds,
      List<Long> latencyBuckets) {}

  /** The counters of one event loop; only that loop writes. */
  static final class Shard {
    private final AtomicLongArray counts = new AtomicLongArray(SIZE);

    void started() {
      add(STARTED, 1);
    }

    void parked() {
      add(PARKED, 1);
    }

    void unparked() {
      add(UNPARKED, 1);
    }

    void requestBytes(long bytes) {
      add(BYTES_IN, bytes);
    }

    void responseBytes(long bytes) {
      add(BYTES_OUT, bytes);
    }

    /**
     * A request ended.
     *
     * @param status of its response; 0 when there was none
     */
    void done(int status, long nanos) {
      int statusClass = status / 100;
      add(statusClass < CLASSES ? statusClass : CLASSES - 1, 1);
      add(DONE, 1);
      add(LATENCY_SUM, nanos);
      int bucket = 0;
      while (bucket < BOUND_NANOS.length && nanos > BOUND_NANOS[bucket]) {
        bucket++;
      }
      add(BUCKETS + bucket, 1);
    }

    private void add(int index, long amount) {
      // One writer: a plain add and an ordered store are enough.
      counts.lazySet(index, counts.get(index) + amount);
    }
  }

  /** A shard for one more event loop. */
  Shard shard() {
    Shard shard = new Shard();
    shards.add(shard);
    return shard;
  }

  /** All counters added up; safe for any thread once the gateway has started. */
  public Snapshot snapshot() {
    List<Long> classes = new ArrayList<>();
    for (int i = 0; i < CLASSES; i++) {
      classes.add(sum(i));
    }
    List<Long> buckets = new ArrayList<>();
    for (int i = BUCKETS; i < SIZE; i++) {
      buckets.add(sum(i));
    }
    return new Snapshot(
        List.copyOf(classes),
        Math.max(0, sum(STARTED) - sum(DONE)),
        Math.max(0, sum(PARKED) - sum(UNPARKED)),
        sum(PARKED),
        sum(BYTES_IN),
        sum(BYTES_OUT),
        sum(LATENCY_SUM) / 1e9,
        List.copyOf(buckets));
  }

  private long sum(int index) {
    long sum = 0;
    for (Shard shard : shards) {
      sum += shard.counts.get(index);
    }
    return sum;
  }
}
