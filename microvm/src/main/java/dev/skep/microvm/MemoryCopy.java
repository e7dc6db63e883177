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

/**
 * A copy of a guest's memory that is made in several passes, so that the guest stands still for the
 * last only: the first copies all of it while the guest writes, each later one what has changed
 * since. Pages that were never touched, or are zero, become holes.
 */
final class MemoryCopy implements AutoCloseable {
  private static final int PAGE = 4096;

  /** Compared and written at once: quick in one call, and still in the cache when it is written. */
  private static final long CHUNK = 64 * PAGE;

  private final Path memory;
  private final Path target;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment source;
  private final MemorySegment zeros = arena.allocate(PAGE);
  private final FileChannel channel;
  private final MemorySegment copy;

  /** Pages that are not holes of the copy. */
  private final BitSet copied = new BitSet();

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
  }

  /** One pass; the first copies all, later ones what differs. */
  void pass() {
    try {
      DataExtents.visit(memory, this::update);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  @Override
  public void close() {
    arena.close();
    try {
      channel.close();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private void update(long offset, long bytes) throws IOException {
    for (long at = offset; at < offset + bytes; at += CHUNK) {
      updateChunk(at, Math.min(offset + bytes, at + CHUNK));
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

  private SkepException broken(IOException e) {
    return new SkepException(
        Code.EXHAUSTED, "copy of guest memory to " + target + ": " + e.getMessage(), e);
  }
}
