package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * A {@link RecordedPages} as the bytes of its file. Little-endian: magic (8 bytes), version, bytes
 * of a page (4 each), bytes of the memory (8), number of pages, CRC32C of the pages' content (4
 * each); then for each page, in order of access, its distance from the one before it (from 0 for
 * the first) as a zigzag varint; then the CRC32C of all that (4).
 */
final class WorkingSetFormat {
  private static final byte[] MAGIC = "skep-ws\n".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 32;
  private static final int CHECKSUM_BYTES = 4;
  private static final int VARINT_BYTES = 5;

  /** What a file holds. */
  record Decoded(WorkingSet set, int pagesChecksum) {}

  private WorkingSetFormat() {}

  static ByteBuffer encode(WorkingSet set, int pagesChecksum) {
    ByteBuffer out =
        littleEndian(
            ByteBuffer.allocate(HEADER_BYTES + VARINT_BYTES * set.size() + CHECKSUM_BYTES));
    out.put(MAGIC).putInt(VERSION).putInt(set.pageBytes()).putLong(set.memoryBytes());
    out.putInt(set.size()).putInt(pagesChecksum);
    int last = 0;
    for (int i = 0; i < set.size(); i++) {
      int distance = set.page(i) - last;
      putVarint(out, (distance << 1) ^ (distance >> 31));
      last = set.page(i);
    }
    return out.putInt(checksum(out.duplicate().flip())).flip();
  }

  /**
   * Reads it back.
   *
   * @throws SkepException saying what is wrong with the bytes
   */
  static Decoded decode(byte[] bytes) {
    ByteBuffer in = littleEndian(ByteBuffer.wrap(bytes));
    if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) {
      throw damaged(
          bytes.length + " bytes, expected " + (HEADER_BYTES + CHECKSUM_BYTES) + " or more");
    }
    if (!in.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
      throw damaged("no working set (it does not begin with 'skep-ws')");
    }
    int version = in.getInt(MAGIC.length);
    if (version != VERSION) {
      throw new SkepException(
          Code.UNSUPPORTED, "format version " + version + ", expected " + VERSION);
    }
    int end = bytes.length - CHECKSUM_BYTES;
    int found = checksum(in.slice(0, end));
    if (found != in.getInt(end)) {
      throw damaged(
          "checksum %08x, expected %08x (truncated or altered)".formatted(found, in.getInt(end)));
    }
    return decodeBody(in.position(MAGIC.length + Integer.BYTES).limit(end));
  }

  private static Decoded decodeBody(ByteBuffer in) {
    int pageBytes = in.getInt();
    long memoryBytes = in.getLong();
    int count = in.getInt();
    int pagesChecksum = in.getInt();
    if (count < 0 || count > in.remaining()) {
      throw damaged(count + " pages in " + in.remaining() + " bytes");
    }
    var pages = new int[count];
    int last = 0;
    for (int i = 0; i < count; i++) {
      int zigzag = getVarint(in);
      last += (zigzag >>> 1) ^ -(zigzag & 1);
      pages[i] = last;
    }
    if (in.hasRemaining()) {
      throw damaged(in.remaining() + " bytes after the last page");
    }
    return new Decoded(WorkingSet.of(memoryBytes, pageBytes, pages), pagesChecksum);
  }

  private static void putVarint(ByteBuffer out, int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  private static int getVarint(ByteBuffer in) {
    int value = 0;
    for (int shift = 0; shift < VARINT_BYTES * 7 && in.hasRemaining(); shift += 7) {
      byte next = in.get();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw damaged("a page's number does not end");
  }

  private static int checksum(ByteBuffer bytes) {
    var checksum = new CRC32C();
    checksum.update(bytes);
    return (int) checksum.getValue();
  }

  private static ByteBuffer littleEndian(ByteBuffer buffer) {
    return buffer.order(ByteOrder.LITTLE_ENDIAN);
  }

  private static SkepException damaged(String found) {
    return new SkepException(Code.INVALID, found);
  }
}
