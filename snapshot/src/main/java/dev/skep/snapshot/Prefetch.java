package dev.skep.snapshot;

import dev.skep.linux.PageCache;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Reads a recorded set of a memory file into the page cache while the guest starts: groups in order
 * of access, each by position (FaaSnap, EuroSys'22, 4.2).
 *
 * @param bytes asked for, gaps between near pages included
 * @param time until the last read was under way
 */
public record Prefetch(long bytes, Duration time) {
  private static final int GROUP_PAGES = 1024;

  /**
   * FaaSnap's 32 pages have the whole of a small memory read whose runs are short and scattered.
   */
  private static final long MAX_GAP_BYTES = 8 * 4096;

  /** Starts a thread that does it; the future fails if the file cannot be read. */
  public static CompletableFuture<Prefetch> start(Path memory, WorkingSet set) {
    var done = new CompletableFuture<Prefetch>();
    Thread.ofPlatform()
        .name("prefetch")
        .daemon()
        .start(() -> done.completeAsync(() -> run(memory, set), Runnable::run));
    return done;
  }

  private static Prefetch run(Path memory, WorkingSet set) {
    long began = System.nanoTime();
    long bytes = 0;
    for (int from = 0; from < set.size(); from += GROUP_PAGES) {
      WorkingSet group = set.slice(from, Math.min(set.size(), from + GROUP_PAGES));
      bytes += PageCache.readAhead(memory, group.ranges(MAX_GAP_BYTES));
    }
    return new Prefetch(bytes, Duration.ofNanos(System.nanoTime() - began));
  }
}
