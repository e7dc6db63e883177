package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.DataExtents;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * A copy of a guest's memory that is made in several passes, so that the guest stands still for the
 * last only: the first copies all of it while the guest writes, each later one what has changed
 * since. Pages that were never touched, or are zero, become holes.
 */
final class MemoryCopy implements AutoCloseable {
  private static final int PAGE = 4096;

  /** Compared and written at once: quick in one call, and still in the cache when it is written. */
  private static final long CHUNK = 64 * PAGE;

  /** Touched memory lies together: threads take turns, so that each has its share of it. */
  private static final long STRIPE = 16 * CHUNK;

  private final Path memory;
  private final Path target;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment source;
  private final MemorySegment zeros = arena.allocate(PAGE);
  private final FileChannel channel;
  private final MemorySegment copy;
  private final ExecutorService threads;
  private final List<Part> parts;

  /** A pass under way. */
  interface Pass {
    /** Returns when all of it is done. */
    void await();
  }

  /**
   * @param memory a file in memory, whose holes are its untouched pages
   * @param target made here
   */
  MemoryCopy(Path memory, Path target) {
    this.memory = memory;
    this.target = target;
    try (var from = FileChannel.open(memory, StandardOpenOption.READ)) {
      long bytes = from.size();
      source = from.map(MapMode.READ_ONLY, 0, bytes, arena);
      try (var file = new RandomAccessFile(target.toFile(), "rw")) {
        file.setLength(bytes);
      }
      channel = FileChannel.open(target, StandardOpenOption.READ, StandardOpenOption.WRITE);
      copy = channel.map(MapMode.READ_ONLY, 0, bytes, arena);
    } catch (IOException e) {
      throw broken(e);
    }
    int count = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4);
    parts = IntStream.range(0, count).mapToObj(number -> new Part(number, count)).toList();
    threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().daemon().name("memory-copy-", 0).factory());
  }

  /** One pass; the first copies all, later ones what differs. */
  void pass() {
    begin().await();
  }

  /** As {@link #pass}, which goes on meanwhile. */
  Pass begin() {
    List<Future<?>> running = parts.stream().<Future<?>>map(threads::submit).toList();
    return () -> running.forEach(this::await);
  }

  private void await(Future<?> part) {
    try {
      part.get();
    } catch (ExecutionException e) {
      throw broken(e.getCause() instanceof IOException cause ? cause : new IOException(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while guest memory was copied", e);
    }
  }

  @Override
  public void close() {
    threads.close(); // waits for a pass that nobody waited for
    arena.close();
    try {
      channel.close();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private SkepException broken(IOException e) {
    return new SkepException(
        Code.EXHAUSTED, "copy of guest memory to " + target + ": " + e.getMessage(), e);
  }

  /** What one thread copies: every {@code count}th stripe. */
  private final class Part implements Callable<Void> {
    private final int number;
    private final int count;

    /** Pages that are not holes of the copy. */
    private final BitSet copied = new BitSet();

    private Part(int number, int count) {
      this.number = number;
      this.count = count;
    }

    @Override
    public Void call() throws IOException {
      DataExtents.visit(memory, this::update);
      return null;
    }

    private void update(long offset, long bytes) throws IOException {
      long end = offset + bytes;
      for (long at = offset; at < end; ) {
        long next = Math.min(end, (at / CHUNK + 1) * CHUNK);
        if (at / STRIPE % count == number) {
          updateChunk(at, next);
        }
        at = next;
      }
    }

    private void updateChunk(long start, long end) throws IOException {
      if (copied.nextClearBit(page(start)) >= page(end)
          && MemorySegment.mismatch(source, start, end, copy, start, end) < 0) {
        return;
      }
      long from = start;
      while (from < end) {
        long to = from;
        while (to < end && wanted(to)) {
          to += PAGE;
        }
        write(from, to);
        from = to + PAGE;
      }
    }

    /** Not a hole: or no longer, a page that has become zero again is written as such. */
    private boolean wanted(long at) {
      return copied.get(page(at))
          || MemorySegment.mismatch(source, at, at + PAGE, zeros, 0, PAGE) >= 0;
    }

    /** By a write and not through the mapping, where a full disk would be a signal. */
    private void write(long from, long to) throws IOException {
      ByteBuffer bytes = source.asSlice(from, to - from).asByteBuffer();
      for (long at = from; bytes.hasRemaining(); ) {
        at += channel.write(bytes, at);
      }
      copied.set(page(from), page(to));
    }

    private static int page(long at) {
      return Math.toIntExact(at / PAGE);
    }
  }
}
