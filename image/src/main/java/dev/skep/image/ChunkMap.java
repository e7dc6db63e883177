package dev.skep.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Where each piece of an image's content comes from: chunks in the order of the image, which is
 * that of the layers too. What is in no chunk is there from the beginning.
 */
final class ChunkMap {
  static final long MAGIC = 0x534b45504c5a0001L;
  static final int DIGEST_BYTES = 32;

  private static final int HEADER_BYTES = 8;
  private static final int AT = 0;
  private static final int BYTES = 8;
  private static final int LAYER = 12;
  private static final int OFFSET = 16;
  private static final int END = 24;
  private static final int INNER = 32;
  private static final int DIGEST = 40;
  private static final int RECORD_BYTES = DIGEST + DIGEST_BYTES;

  private final ByteBuffer records;

  private ChunkMap(ByteBuffer records) {
    this.records = records;
  }

  static ChunkMap read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    if (bytes.remaining() < HEADER_BYTES
        || bytes.getLong(0) != MAGIC
        || (bytes.remaining() - HEADER_BYTES) % RECORD_BYTES != 0) {
      throw new IOException(file + ": not a map of chunks of this version");
    }
    return new ChunkMap(bytes.position(HEADER_BYTES).slice());
  }

  int count() {
    return records.limit() / RECORD_BYTES;
  }

  /** Where it is in the image. */
  long at(int chunk) {
    return records.getLong(chunk * RECORD_BYTES + AT);
  }

  int bytes(int chunk) {
    return records.getInt(chunk * RECORD_BYTES + BYTES);
  }

  int layer(int chunk) {
    return records.getInt(chunk * RECORD_BYTES + LAYER);
  }

  /** Where its compressed piece begins in the layer. */
  long offset(int chunk) {
    return records.getLong(chunk * RECORD_BYTES + OFFSET);
  }

  /** Where that ends at the latest. */
  long end(int chunk) {
    return records.getLong(chunk * RECORD_BYTES + END);
  }

  /** Where the chunk begins in the uncompressed piece. */
  int inner(int chunk) {
    return (int) records.getLong(chunk * RECORD_BYTES + INNER);
  }

  Digest digest(int chunk) {
    byte[] sum = new byte[DIGEST_BYTES];
    records.get(chunk * RECORD_BYTES + DIGEST, sum);
    return new Digest(HexFormat.of().formatHex(sum));
  }

  /** The first chunk that ends behind that byte of the image; the count if there is none. */
  int firstEndingBehind(long position) {
    int low = 0;
    int high = count();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (at(middle) + bytes(middle) > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
