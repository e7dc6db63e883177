package dev.skep.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Byte strings (names, link targets, attributes) in a scratch file; addressed from 1, 0 is none.
 */
final class ByteLog {
  /** Also the longest string: one never crosses a page. */
  static final int PAGE_BYTES = 1 << 20;

  private final ScratchFile file;
  private final List<MemorySegment> pages = new ArrayList<>();
  private long end = 1;

  ByteLog(ScratchFile file) throws IOException {
    this.file = file;
    pages.add(file.page(PAGE_BYTES));
  }

  long add(byte[] bytes) throws IOException {
    if (end % PAGE_BYTES + bytes.length > PAGE_BYTES || end / PAGE_BYTES == pages.size()) {
      end = (long) pages.size() * PAGE_BYTES;
      pages.add(file.page(PAGE_BYTES));
    }
    long address = end;
    MemorySegment.copy(
        bytes, 0, page(address), ValueLayout.JAVA_BYTE, address % PAGE_BYTES, bytes.length);
    end += bytes.length;
    return address;
  }

  void copy(long address, int length, byte[] to, int offset) {
    MemorySegment.copy(
        page(address), ValueLayout.JAVA_BYTE, address % PAGE_BYTES, to, offset, length);
  }

  byte[] get(long address, int length) {
    byte[] bytes = new byte[length];
    copy(address, length, bytes, 0);
    return bytes;
  }

  boolean equals(long address, int length, byte[] other) {
    return length == other.length
        && slice(address, length).mismatch(MemorySegment.ofArray(other)) == -1;
  }

  /** Order of unsigned bytes: the order of names in an EROFS directory. */
  int compare(long a, int aLength, long b, int bLength) {
    MemorySegment left = slice(a, aLength);
    MemorySegment right = slice(b, bLength);
    long at = left.mismatch(right);
    if (at < 0 || at >= aLength || at >= bLength) {
      return Integer.compare(aLength, bLength);
    }
    return Byte.compareUnsigned(
        left.get(ValueLayout.JAVA_BYTE, at), right.get(ValueLayout.JAVA_BYTE, at));
  }

  private MemorySegment slice(long address, int length) {
    return page(address).asSlice(address % PAGE_BYTES, length);
  }

  private MemorySegment page(long address) {
    return pages.get((int) (address / PAGE_BYTES));
  }
}
