package dev.skep.image;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which chunks are here, and what to fetch next: what a reader waits for, then what earlier starts
 * have read, then all in order. Not thread-safe.
 */
final class ChunkState {
  /** Consecutive chunks of one layer, fetched with one request. */
  record Run(int first, int last, Reason reason) {}

  /** Why a run is fetched. */
  enum Reason {
    /** More than what is waited for, since the request's round trip is the most of its time. */
    DEMAND(512 << 10, Integer.MAX_VALUE),
    PREFETCH(2 << 20, 3),
    /** One at a time and not too much at once: who waits shares the link with it. */
    BACKGROUND(1 << 20, 1);

    private final long bytes;
    private final int atOnce;

    Reason(long bytes, int atOnce) {
      this.bytes = bytes;
      this.atOnce = atOnce;
    }
  }

  private final ChunkMap map;
  private final int[] wanted;
  private final BitSet present = new BitSet();
  private final BitSet inFlight = new BitSet();
  private final Deque<Integer> demanded = new ArrayDeque<>();
  private final Map<Reason, Integer> running = new EnumMap<>(Reason.class);
  private int nextWanted;
  private boolean demandOnly;

  /**
   * @param wanted chunks in the order in which a start is expected to read them
   */
  ChunkState(ChunkMap map, int[] wanted) {
    this.map = map;
    this.wanted = wanted.clone();
  }

  boolean isPresent(int chunk) {
    return present.get(chunk);
  }

  boolean isComplete() {
    return present.nextClearBit(0) >= map.count();
  }

  int presentCount() {
    return present.cardinality();
  }

  /** Somebody waits for it. */
  void demand(int chunk) {
    if (!inFlight.get(chunk)) {
      demanded.add(chunk);
    }
  }

  /** From now on only what somebody waits for is fetched. */
  void demandOnly() {
    demandOnly = true;
  }

  /**
   * What to fetch now; null if nothing is to be begun.
   *
   * @param quiet whether nobody has waited lately: what nobody waits for may have the link
   */
  @Nullable Run next(boolean quiet) {
    while (!demanded.isEmpty()) {
      int chunk = demanded.remove();
      if (isAbsent(chunk)) {
        return begin(chunk, Reason.DEMAND);
      }
    }
    if (demandOnly) {
      return null;
    }
    if (mayBegin(Reason.PREFETCH)) {
      while (nextWanted < wanted.length) {
        int chunk = wanted[nextWanted++];
        if (isAbsent(chunk)) {
          return begin(chunk, Reason.PREFETCH);
        }
      }
    }
    boolean idle = running(Reason.DEMAND) + running(Reason.PREFETCH) == 0;
    return quiet && idle && mayBegin(Reason.BACKGROUND) ? background() : null;
  }

  private @Nullable Run background() {
    int chunk = present.nextClearBit(0);
    while (inFlight.get(chunk)) {
      chunk = present.nextClearBit(chunk + 1);
    }
    return chunk < map.count() ? begin(chunk, Reason.BACKGROUND) : null;
  }

  private boolean mayBegin(Reason reason) {
    return running(reason) < reason.atOnce;
  }

  private int running(Reason reason) {
    return running.getOrDefault(reason, 0);
  }

  private boolean isAbsent(int chunk) {
    return !present.get(chunk) && !inFlight.get(chunk);
  }

  private Run begin(int chunk, Reason reason) {
    int last = chunk;
    while (canAlsoHave(chunk, last + 1, reason)) {
      last++;
      if (reason == Reason.PREFETCH) {
        nextWanted++;
      }
    }
    inFlight.set(chunk, last + 1);
    running.merge(reason, 1, Integer::sum);
    return new Run(chunk, last, reason);
  }

  private boolean canAlsoHave(int first, int next, Reason reason) {
    boolean follows =
        reason != Reason.PREFETCH || (nextWanted < wanted.length && wanted[nextWanted] == next);
    return follows
        && next < map.count()
        && isAbsent(next)
        && map.layer(next) == map.layer(first)
        && map.end(next) - map.offset(first) <= reason.bytes;
  }

  void arrived(int chunk) {
    present.set(chunk);
  }

  /** Nothing of the run is in flight any more; what has not arrived is absent. */
  void over(Run run) {
    inFlight.clear(run.first, run.last + 1);
    running.merge(run.reason, -1, Integer::sum);
  }
}
