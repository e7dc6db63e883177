package dev.skep.image;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A zstd stream without its skippable frames (RFC 8878, 3.1), which carry what is not content, such
 * as the table of contents of zstd:chunked layers, and which the decompressor does not know.
 */
final class ZstdFrames extends FilterInputStream {
  private static final int FRAME_MAGIC = 0xFD2FB528;
  private static final int SKIPPABLE_MAGIC = 0x184D2A50;
  private static final int[] DICTIONARY_ID_BYTES = {0, 1, 2, 4};
  private static final int[] CONTENT_SIZE_BYTES = {0, 2, 4, 8};

  private enum Next {
    FRAME,
    BLOCK,
    CHECKSUM
  }

  /** What has been looked at and is to be given out; the longest is a frame's header. */
  private final byte[] head = new byte[18];

  private int headAt;
  private int headEnd;

  /** Bytes behind the head that are given out as they are. */
  private long body;

  private Next next = Next.FRAME;
  private boolean hasChecksum;

  ZstdFrames(InputStream in) {
    super(in);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    while (headAt == headEnd && body == 0) {
      headAt = 0;
      headEnd = 0;
      if (!advance()) {
        return -1;
      }
    }
    if (headAt < headEnd) {
      int n = Math.min(length, headEnd - headAt);
      System.arraycopy(head, headAt, bytes, offset, n);
      headAt += n;
      return n;
    }
    int n = in.read(bytes, offset, (int) Math.min(length, body));
    body -= Math.max(0, n);
    return n;
  }

  /** Looks at what comes next; false at the end. */
  private boolean advance() throws IOException {
    switch (next) {
      case FRAME -> {
        return frame();
      }
      case BLOCK -> block();
      case CHECKSUM -> {
        take(4);
        next = Next.FRAME;
      }
    }
    return true;
  }

  private boolean frame() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    head[headEnd++] = (byte) first;
    take(3);
    int magic = number(0, 4);
    if ((magic & ~0xf) == SKIPPABLE_MAGIC) {
      take(4);
      leaveOut(Integer.toUnsignedLong(number(4, 4)));
      headEnd = 0;
    } else if (magic == FRAME_MAGIC) {
      header();
    } else {
      body = Long.MAX_VALUE; // for the decompressor to refuse
    }
    return true;
  }

  /** A stream that ends within is one that was cut behind its last content. */
  private void leaveOut(long bytes) throws IOException {
    byte[] skipped = new byte[1 << 12];
    long left = bytes;
    int n = 0;
    while (left > 0 && n >= 0) {
      n = in.read(skipped, 0, (int) Math.min(left, skipped.length));
      left -= Math.max(0, n);
    }
  }

  private void header() throws IOException {
    take(1);
    int descriptor = head[4];
    boolean oneSegment = (descriptor & 0x20) != 0;
    int sizeFlag = descriptor >> 6 & 3;
    int sizeBytes = sizeFlag == 0 && oneSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag];
    take((oneSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3] + sizeBytes);
    hasChecksum = (descriptor & 4) != 0;
    next = Next.BLOCK;
  }

  private void block() throws IOException {
    take(3);
    int header = number(0, 3);
    boolean repeated = (header >> 1 & 3) == 1;
    body = repeated ? 1 : header >> 3;
    if ((header & 1) != 0) {
      next = hasChecksum ? Next.CHECKSUM : Next.FRAME;
    }
  }

  private void take(int bytes) throws IOException {
    if (in.readNBytes(head, headEnd, bytes) < bytes) {
      throw new EOFException("a frame is cut short");
    }
    headEnd += bytes;
  }

  private int number(int at, int bytes) {
    int value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = (value << 8) | (head[at + i] & 0xff);
    }
    return value;
  }

  @Override
  public long skip(long n) throws IOException {
    return Math.max(0, read(new byte[(int) Math.min(n, 1 << 16)]));
  }

  @Override
  public int available() {
    return 0;
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
