package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.BulkMemory;
import dev.skep.linux.PageCache;
import dev.skep.linux.ReadOnlyFile;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.WorkingSet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.zip.CRC32C;

/**
 * The content of recorded pages, in memory while guests are restored from it: read once for all who
 * want it at the same time. Thread-safe; blocks: only for platform threads.
 */
final class FetchedPages {
  private static final long CHECKSUM_SLICE_BYTES = 1 << 30; // what a ByteBuffer can hold, roughly

  private final Semaphore turns;
  private final Map<RecordedPages, Content> contents = new HashMap<>();

  /** Reads are among those whose number the semaphore bounds. */
  FetchedPages(Semaphore turns) {
    this.turns = turns;
  }

  /** Keeps the pages in memory until it is closed, by the one thread that has it. */
  final class Lease implements AutoCloseable {
    private final RecordedPages recorded;
    private final MemorySegment pages;
    private boolean closed;

    private Lease(RecordedPages recorded, MemorySegment pages) {
      this.recorded = recorded;
      this.pages = pages;
    }

    WorkingSet set() {
      return recorded.set();
    }

    /** The pages back to back, in the set's order. */
    MemorySegment pages() {
      return pages;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        release(recorded);
      }
    }
  }

  private static final class Content {
    final CompletableFuture<MemorySegment> pages = new CompletableFuture<>();
    final Arena arena = Arena.ofShared();
    int leases;
  }

  /**
   * Reads the pages, or waits for who is reading them.
   *
   * @throws SkepException if they cannot be read or are not those that were recorded
   */
  Lease lease(RecordedPages recorded) {
    Content content;
    boolean first;
    synchronized (this) {
      content = contents.computeIfAbsent(recorded, key -> new Content());
      first = content.leases++ == 0;
    }
    try {
      if (first) {
        content.pages.complete(read(recorded, content.arena));
      }
      return new Lease(recorded, content.pages.join());
    } catch (CompletionException e) {
      release(recorded);
      throw e.getCause() instanceof SkepException refused ? refused : e;
    } catch (RuntimeException e) {
      content.pages.completeExceptionally(e);
      release(recorded);
      throw e;
    }
  }

  private synchronized void release(RecordedPages recorded) {
    contents.computeIfPresent(
        recorded,
        (key, content) -> {
          if (--content.leases > 0) {
            return content;
          }
          content.arena.close();
          return null;
        });
  }

  private MemorySegment read(RecordedPages recorded, Arena arena) {
    MemorySegment pages = BulkMemory.allocate(recorded.set().bytes(), arena);
    turns.acquireUninterruptibly();
    try {
      read(recorded, pages);
    } finally {
      turns.release();
    }
    int found = checksum(pages);
    if (found != recorded.checksum()) {
      throw new SkepException(
          Code.INVALID,
          "%s: checksum %08x, expected %08x (altered, or of another recording)"
              .formatted(recorded.file(), found, recorded.checksum()));
    }
    return pages;
  }

  /** Past the page cache, which would cost more than the disk does, unless it has them all. */
  private static void read(RecordedPages recorded, MemorySegment into) {
    if (PageCache.residentBytes(recorded.file()) < into.byteSize()) {
      Optional<ReadOnlyFile> direct = ReadOnlyFile.openDirect(recorded.file());
      if (direct.isPresent()) {
        try (ReadOnlyFile file = direct.get()) {
          file.readFully(into, 0);
          return;
        }
      }
    }
    try (var file = ReadOnlyFile.open(recorded.file())) {
      file.readFully(into, 0);
    }
  }

  private static int checksum(MemorySegment pages) {
    var checksum = new CRC32C();
    for (long at = 0; at < pages.byteSize(); at += CHECKSUM_SLICE_BYTES) {
      long length = Math.min(CHECKSUM_SLICE_BYTES, pages.byteSize() - at);
      checksum.update(pages.asSlice(at, length).asByteBuffer());
    }
    return (int) checksum.getValue();
  }
}
