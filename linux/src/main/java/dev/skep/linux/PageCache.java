package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.List;

/** What the kernel keeps of files in memory. */
public final class PageCache {
  private static final int PAGE_BYTES = 4096;

  /** The kernel silently cuts a longer request to the device's read-ahead, 128 KiB mostly. */
  private static final long MOST_AT_ONCE = 128 << 10;

  private PageCache() {}

  /**
   * Asks for the ranges to be read, in their order, and returns when all reads are under way: the
   * bytes asked for. Blocks while the device's queue is full: only for platform threads.
   */
  public static long readAhead(Path file, List<ByteRange> ranges) {
    try (Descriptor descriptor = open(file)) {
      long asked = 0;
      for (ByteRange range : ranges) {
        for (long at = range.offset(); at < range.end(); at += MOST_AT_ONCE) {
          long length = Math.min(MOST_AT_ONCE, range.end() - at);
          advise(file, descriptor, at, length, SystemCalls.FADV_WILLNEED);
        }
        asked += range.length();
      }
      return asked;
    }
  }

  /** Drops the file's pages, after they have been written out; those that are mapped stay. */
  public static void evict(Path file) {
    try (Descriptor descriptor = open(file)) {
      Errno.orThrow("fsync " + file, SystemCalls.fsync(descriptor.number()));
      advise(file, descriptor, 0, 0, SystemCalls.FADV_DONTNEED);
    }
  }

  /** How much of the file is in memory, in bytes. All of it, if the file may not be written. */
  public static long residentBytes(Path file) {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      if (size == 0) {
        return 0; // cannot be mapped
      }
      MemorySegment mapping = channel.map(MapMode.READ_ONLY, 0, size, arena);
      MemorySegment residency = arena.allocate((size + PAGE_BYTES - 1) / PAGE_BYTES);
      Errno.orThrow("mincore " + file, SystemCalls.mincore(mapping, size, residency));
      return Math.min(
          size, residency.elements(JAVA_BYTE).filter(PageCache::resident).count() * PAGE_BYTES);
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, file + ": " + e, e);
    }
  }

  private static boolean resident(MemorySegment page) {
    return (page.get(JAVA_BYTE, 0) & 1) != 0;
  }

  private static Descriptor open(Path file) {
    return new Descriptor(Errno.orThrow("open " + file, SystemCalls.open(file.toString(), 0)));
  }

  private static void advise(
      Path file, Descriptor descriptor, long offset, long length, int advice) {
    Errno.orThrow(
        "posix_fadvise " + file, SystemCalls.fadvise(descriptor.number(), offset, length, advice));
  }
}
