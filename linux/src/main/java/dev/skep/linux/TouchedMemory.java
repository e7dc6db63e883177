package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Anonymous memory of this process, of which the kernel tells what was ever touched: a VMM's side
 * of a guest that it has booted, for fakes and tests. It is unmapped when nobody knows it any more.
 */
public final class TouchedMemory {
  private static final int PAGE_BYTES = 4096;

  private final MemorySegment memory;

  private TouchedMemory(MemorySegment memory) {
    this.memory = memory;
  }

  /** Maps memory that nobody has touched yet. */
  public static TouchedMemory map(long bytes) {
    long address = Errno.orThrow("mmap of " + bytes + " bytes", SystemCalls.mapAnonymous(bytes, 0));
    // a huge page would be touched as a whole
    Errno.orThrow("madvise", SystemCalls.madvise(address, bytes, SystemCalls.MADV_NOHUGEPAGE));
    return new TouchedMemory(
        MemorySegment.ofAddress(address)
            .reinterpret(bytes, Arena.ofAuto(), all -> SystemCalls.unmap(all.address(), bytes)));
  }

  public void write(long offset, byte[] bytes) {
    MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, offset, bytes.length);
  }

  /** A copy of a part of it, which is touched by that. */
  public byte[] read(long offset, int length) {
    return memory.asSlice(offset, length).toArray(JAVA_BYTE);
  }

  /** The numbers of the pages that are in the host's memory. */
  public BitSet resident() {
    int pages = Math.toIntExact((memory.byteSize() + PAGE_BYTES - 1) / PAGE_BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment residency = arena.allocate(pages);
      Errno.orThrow("mincore", SystemCalls.mincore(memory, memory.byteSize(), residency));
      var resident = new BitSet();
      for (int page = 0; page < pages; page++) {
        resident.set(page, (residency.get(JAVA_BYTE, page) & 1) != 0);
      }
      return resident;
    }
  }
}
