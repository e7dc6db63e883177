package dev.skep.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory outside the heap that is filled at once. It comes in huge pages where the host has them
 * and is not cleared first, which makes reading a file into it three times as fast as into an
 * arena's.
 */
public final class BulkMemory {
  private static final long HUGE_PAGE_BYTES = 2 << 20;

  private BulkMemory() {}

  /** Memory of zeros on a 2 MiB boundary, which goes back to the kernel with the arena. */
  public static MemorySegment allocate(long bytes, Arena arena) {
    long mapped = bytes + HUGE_PAGE_BYTES; // so that a boundary is in it
    long address =
        Errno.orThrow("mmap of " + mapped + " bytes", SystemCalls.mapAnonymous(mapped, 0));
    long start = (address + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
    SystemCalls.madvise(
        start, bytes, SystemCalls.MADV_HUGEPAGE); // a host without them is slower, no more
    return MemorySegment.ofAddress(start)
        .reinterpret(bytes, arena, _ -> SystemCalls.unmap(address, mapped));
  }
}
