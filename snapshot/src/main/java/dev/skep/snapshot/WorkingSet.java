package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.ByteRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The pages of a guest's memory that a restored guest touched first, each once, in that order
 * (REAP, ASPLOS'21, 5.1). Immutable.
 */
public final class WorkingSet {
  /** Of guests without huge pages. */
  public static final int PAGE_BYTES = 4096;

  private final long memoryBytes;
  private final int pageBytes;
  private final int[] pages;

  private WorkingSet(long memoryBytes, int pageBytes, int[] pages) {
    this.memoryBytes = memoryBytes;
    this.pageBytes = pageBytes;
    this.pages = pages;
  }

  /**
   * A set of those pages, in that order.
   *
   * @param memoryBytes size of the memory file that it belongs to
   * @param pageBytes size of the guest's pages on the host: a power of two, from 4096 on
   * @param pages page {@code n} begins at byte {@code n * pageBytes} of the memory file
   * @throws SkepException if a page is outside of the memory or comes twice
   */
  public static WorkingSet of(long memoryBytes, int pageBytes, int... pages) {
    if (pageBytes < PAGE_BYTES || Integer.bitCount(pageBytes) != 1) {
      throw invalid("pages of " + pageBytes + " bytes, expected a power of two from 4096 on");
    }
    if (memoryBytes <= 0 || memoryBytes % pageBytes != 0) {
      throw invalid("memory of " + memoryBytes + " bytes, expected pages of " + pageBytes);
    }
    long count = memoryBytes / pageBytes;
    var seen = new BitSet();
    for (int page : pages) {
      if (page < 0 || page >= count) {
        throw invalid("page " + page + ", expected one of the memory's " + count);
      }
      if (seen.get(page)) {
        throw invalid("page " + page + " twice");
      }
      seen.set(page);
    }
    return new WorkingSet(memoryBytes, pageBytes, pages.clone());
  }

  /** Size of the memory file that it belongs to. */
  public long memoryBytes() {
    return memoryBytes;
  }

  public int pageBytes() {
    return pageBytes;
  }

  /** The number of pages. */
  public int size() {
    return pages.length;
  }

  /** The page that was touched as number {@code index}, from 0. */
  public int page(int index) {
    return pages[index];
  }

  /** What the pages take. */
  public long bytes() {
    return (long) pages.length * pageBytes;
  }

  /** The part that was touched from number {@code from} until before {@code to}. */
  public WorkingSet slice(int from, int to) {
    return new WorkingSet(memoryBytes, pageBytes, Arrays.copyOfRange(pages, from, to));
  }

  /**
   * Where the pages are in the memory file: by position, with ranges joined that are no further
   * apart than {@code maxGapBytes}, because one longer read is faster than two.
   */
  public List<ByteRange> ranges(long maxGapBytes) {
    int[] sorted = pages.clone();
    Arrays.sort(sorted);
    var ranges = new ArrayList<ByteRange>();
    @Nullable ByteRange last = null;
    for (int page : sorted) {
      long offset = (long) page * pageBytes;
      if (last != null && offset - last.end() <= maxGapBytes) {
        last = new ByteRange(last.offset(), offset + pageBytes - last.offset());
        ranges.set(ranges.size() - 1, last);
      } else {
        last = new ByteRange(offset, pageBytes);
        ranges.add(last);
      }
    }
    return ranges;
  }

  /** Appends it as vHive's {@code trace}: a page's offset in lower-case hex per line, in order. */
  public void exportTrace(Appendable trace) throws IOException {
    for (int page : pages) {
      trace.append(Long.toHexString((long) page * pageBytes)).append('\n');
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WorkingSet that
        && memoryBytes == that.memoryBytes
        && pageBytes == that.pageBytes
        && Arrays.equals(pages, that.pages);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pages) * 31 + Long.hashCode(memoryBytes);
  }

  @Override
  public String toString() {
    return pages.length + " pages of " + pageBytes + " bytes, of " + memoryBytes;
  }

  private static SkepException invalid(String found) {
    return new SkepException(Code.INVALID, "working set: " + found);
  }
}
