package dev.skep.image;

import java.util.Arrays;

/** Where the data of a sparse file are: pairs of offset and length, in order, without overlap. */
final class SparseMap {
  /** A file with more pieces than this is refused: the map is kept in memory. */
  static final int MAX_PIECES = 1 << 18;

  private long[] pairs = new long[16];
  private int length;

  void add(long offset, long bytes) {
    if (length == pairs.length) {
      if (length >= 2 * MAX_PIECES) {
        throw Invalid.image("sparse file: more than " + MAX_PIECES + " pieces of data");
      }
      pairs = Arrays.copyOf(pairs, length * 2);
    }
    pairs[length++] = offset;
    pairs[length++] = bytes;
  }

  int pieces() {
    return length / 2;
  }

  long offset(int piece) {
    return pairs[2 * piece];
  }

  long bytes(int piece) {
    return pairs[2 * piece + 1];
  }

  /** Fails unless the pieces lie in order within the file and together have the stored bytes. */
  void verify(long fileBytes, long storedBytes) {
    if (fileBytes < 0) {
      throw Invalid.image("sparse file: its real size is missing or negative");
    }
    long end = 0;
    long sum = 0;
    for (int i = 0; i < pieces(); i++) {
      if (offset(i) < end || bytes(i) < 0 || bytes(i) > fileBytes - offset(i)) {
        throw Invalid.image(
            "sparse file: piece %d (offset %d, length %d) overlaps or lies outside %d bytes"
                .formatted(i, offset(i), bytes(i), fileBytes));
      }
      end = offset(i) + bytes(i);
      sum += bytes(i);
    }
    if (sum != storedBytes) {
      throw Invalid.image(
          "sparse file: its map names %d bytes, %d are stored".formatted(sum, storedBytes));
    }
  }
}
