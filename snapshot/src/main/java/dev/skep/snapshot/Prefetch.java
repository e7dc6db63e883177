package dev.skep.snapshot;

import dev.skep.linux.ByteRange;
import dev.skep.linux.FileBlocks;
import dev.skep.linux.PageCache;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

  /**
   * Has what this reads of a memory file lie side by side on its disk, in the order in which it is
   * read, where the file system can do that ({@link FileBlocks}): few long reads instead of one for
   * each run of pages. Only for platform threads.
   *
   * @return bytes that were moved
   */
  public static long layOut(Path memory, WorkingSet set) {
    List<ByteRange> order = order(set);
    Path scratch = memory.resolveSibling(SnapshotFiles.SCRATCH);
    long moved = FileBlocks.gather(memory, order, scratch);
    if (moved > 0) {
      PageCache.readAhead(memory, order); // where it was before
    }
    return moved;
  }

  /** As {@link #layOut(Path, WorkingSet)}, of a snapshot that is recorded and all here. */
  public static long layOut(Lease snapshot) {
    if (!snapshot.whole()) {
      return 0;
    }
    WorkingSet set =
        RecordedPages.read(
                snapshot.file(SnapshotFiles.WORKING_SET),
                snapshot.file(SnapshotFiles.WORKING_SET_PAGES))
            .set();
    return layOut(snapshot.file(SnapshotFiles.MEMORY), set);
  }

  private static List<ByteRange> order(WorkingSet set) {
    var order = new ArrayList<ByteRange>();
    for (int from = 0; from < set.size(); from += GROUP_PAGES) {
      WorkingSet group = set.slice(from, Math.min(set.size(), from + GROUP_PAGES));
      order.addAll(group.ranges(MAX_GAP_BYTES));
    }
    return order;
  }

  private static Prefetch run(Path memory, WorkingSet set) {
    long began = System.nanoTime();
    long bytes = PageCache.readAhead(memory, order(set));
    return new Prefetch(bytes, Duration.ofNanos(System.nanoTime() - began));
  }
}
