package dev.skep.telemetry;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The last starts of this host, newest first; the oldest make room for new ones. Safe for use by
 * any thread; calls take microseconds.
 */
public final class ColdStarts {
  /** A successful start can be joined with one request, once. */
  private static final class Entry {
    private ColdStart start;
    private final long originNanos;
    private boolean joined;

    private Entry(ColdStart start, long originNanos) {
      this.start = start;
      this.originNanos = originNanos;
      this.joined = start.failure().isPresent();
    }

    /** Later ones waited for a free place, not for this start. */
    private boolean waitedFor(WaitedRequest request) {
      return !joined && request.arrivedNanos() <= originNanos + start.total().toNanos();
    }
  }

  private final int capacity;
  private final Metrics metrics;
  private final Deque<Entry> newestFirst = new ArrayDeque<>();
  private final Map<String, Entry> byInstance = new HashMap<>();

  public ColdStarts(int capacity, Metrics metrics) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: " + capacity + " (expected: at least 1)");
    }
    this.capacity = capacity;
    this.metrics = metrics;
  }

  /**
   * Keeps a start that has ended.
   *
   * @param originNanos the moment on the phases' clock from which they are counted
   */
  public void add(ColdStart start, long originNanos) {
    metrics.started(start);
    var entry = new Entry(start, originNanos);
    synchronized (this) {
      newestFirst.addFirst(entry);
      byInstance.put(start.instance(), entry);
      if (newestFirst.size() > capacity) {
        Entry oldest = newestFirst.removeLast();
        byInstance.remove(oldest.start.instance(), oldest);
      }
    }
  }

  /**
   * Joins a request to the start of the instance that served it, if that is what it waited for: the
   * first such request becomes part of the record.
   */
  public void served(String instance, WaitedRequest request) {
    Optional<ColdStart> joined = join(instance, request);
    joined.ifPresent(metrics::served);
  }

  private synchronized Optional<ColdStart> join(String instance, WaitedRequest request) {
    Entry entry = byInstance.get(instance);
    if (entry == null || !entry.waitedFor(request)) {
      return Optional.empty();
    }
    entry.start = JoinedStart.of(entry.start, entry.originNanos, request);
    entry.joined = true;
    return Optional.of(entry.start);
  }

  /** The newest {@code limit} that match. */
  public synchronized List<ColdStart> list(Predicate<ColdStart> filter, int limit) {
    var found = new ArrayList<ColdStart>();
    for (Entry entry : newestFirst) {
      if (found.size() >= limit) {
        break;
      }
      if (filter.test(entry.start)) {
        found.add(entry.start);
      }
    }
    return List.copyOf(found);
  }

  /** By the record's id. */
  public Optional<ColdStart> find(String id) {
    return list(start -> start.id().equals(id), 1).stream().findFirst();
  }

  /** Of one instance, by its name. */
  public synchronized Optional<ColdStart> ofInstance(String instance) {
    return Optional.ofNullable(byInstance.get(instance)).map(entry -> entry.start);
  }
}
