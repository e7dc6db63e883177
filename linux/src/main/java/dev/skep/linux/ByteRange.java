package dev.skep.linux;

/** A part of a file, in bytes. */
public record ByteRange(long offset, long length) {
  public ByteRange {
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException("range " + offset + "+" + length);
    }
  }

  /** The first byte after it. */
  public long end() {
    return offset + length;
  }
}
