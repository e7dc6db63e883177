package dev.skep.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Records of one size, numbered from 1 (0 means none), in a scratch file. */
final class RecordTable {
  private static final int PAGE_SHIFT = 12;
  private static final int PAGE_MASK = (1 << PAGE_SHIFT) - 1;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final ScratchFile file;
  private final int recordBytes;
  private final List<MemorySegment> pages = new ArrayList<>();
  private int count = 1;

  RecordTable(ScratchFile file, int recordBytes) throws IOException {
    this.file = file;
    this.recordBytes = recordBytes;
    pages.add(file.page(recordBytes << PAGE_SHIFT));
  }

  /** A new record of zeros. */
  int add() throws IOException {
    if (count >> PAGE_SHIFT == pages.size()) {
      pages.add(file.page(recordBytes << PAGE_SHIFT));
    }
    return count++;
  }

  /** One past the last record. */
  int end() {
    return count;
  }

  int getInt(int id, int field) {
    return page(id).get(INT, offset(id, field));
  }

  void putInt(int id, int field, int value) {
    page(id).set(INT, offset(id, field), value);
  }

  long getLong(int id, int field) {
    return page(id).get(LONG, offset(id, field));
  }

  void putLong(int id, int field, long value) {
    page(id).set(LONG, offset(id, field), value);
  }

  private MemorySegment page(int id) {
    return pages.get(id >> PAGE_SHIFT);
  }

  private long offset(int id, int field) {
    return (long) (id & PAGE_MASK) * recordBytes + field;
  }
}
