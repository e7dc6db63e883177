package dev.skep.store;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The latest changes, for watches. The newest are in memory, older ones are read from disk, and
 * what is older still is gone. Safe for use by several threads.
 */
final class Journal {
  /** Reads changes that are no longer in memory. */
  interface Older {
    /** At most {@code limit} changes after that version, oldest first. */
    List<Change> after(long version, int limit);
  }

  private static final int PAGE = 256;

  private final int inMemory;
  private final int kept;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition appended = lock.newCondition();
  private final ArrayDeque<Change> ring = new ArrayDeque<>();
  private long first;
  private long last;
  private boolean closed;

  /**
   * @param first oldest version that a watch may start after
   * @param last newest version
   * @param kept changes that stay readable
   */
  Journal(long first, long last, int inMemory, int kept) {
    this.first = first;
    this.last = last;
    this.inMemory = inMemory;
    this.kept = kept;
  }

  void append(List<Change> changes) {
    lock.lock();
    try {
      for (Change change : changes) {
        ring.addLast(change);
        last = change.version();
        if (ring.size() > inMemory) {
          ring.removeFirst();
        }
      }
      first = Math.max(first, last - kept);
      appended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Fails with GONE unless all changes after that version can be read. */
  void checkReadable(long version) {
    lock.lock();
    try {
      if (version < first) {
        throw gone("too old resource version: %d (oldest kept: %d)".formatted(version, first));
      }
      if (version > last) {
        throw gone(
            "resource version %d is newer than the newest, %d: list again"
                .formatted(version, last));
      }
    } finally {
      lock.unlock();
    }
  }

  /** The changes after that version, oldest first; waits for one; empty when none came in time. */
  List<Change> after(long version, long timeoutMillis, Older older) throws InterruptedException {
    long remaining = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    lock.lockInterruptibly();
    try {
      while (version >= last && remaining > 0 && !closed) {
        remaining = appended.awaitNanos(remaining);
      }
      if (closed) {
        throw new SkepException(Code.UNAVAILABLE, "the store is closed");
      }
      checkReadable(version);
      if (version >= last) {
        return List.of();
      }
      if (!ring.isEmpty() && ring.getFirst().version() <= version + 1) {
        return page(version);
      }
    } finally {
      lock.unlock();
    }
    return fromDisk(version, older);
  }

  private static List<Change> fromDisk(long version, Older older) {
    List<Change> changes = older.after(version, PAGE);
    if (changes.isEmpty() || changes.getFirst().version() != version + 1) {
      throw gone("too old resource version: %d".formatted(version));
    }
    return changes;
  }

  private List<Change> page(long version) {
    var page = new ArrayList<Change>();
    long skip = version + 1 - ring.getFirst().version();
    for (Change change : ring) {
      if (skip-- > 0) {
        continue;
      }
      page.add(change);
      if (page.size() == PAGE) {
        break;
      }
    }
    return page;
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      appended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static SkepException gone(String message) {
    return new SkepException(Code.GONE, message);
  }
}
