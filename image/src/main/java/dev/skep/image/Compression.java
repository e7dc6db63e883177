package dev.skep.image;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** How a layer is compressed, by its first bytes: media types are often wrong. */
enum Compression {
  NONE,
  GZIP,
  ZSTD;

  private static final int BUFFER_BYTES = 1 << 16;

  /** Looks at a stream that supports marks, and leaves it as it was. */
  static Compression of(BufferedInputStream in) throws IOException {
    in.mark(4);
    byte[] magic = in.readNBytes(4);
    in.reset();
    if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return GZIP;
    }
    if (magic.length == 4 && magic[1] == (byte) 0xb5 && magic[2] == 0x2f) {
      return magic[0] == 0x28 && magic[3] == (byte) 0xfd ? ZSTD : NONE;
    }
    return NONE;
  }

  InputStream decompress(InputStream in) throws IOException {
    return switch (this) {
      case NONE -> in;
      case GZIP -> new GZIPInputStream(in, BUFFER_BYTES);
      case ZSTD -> new ZstdInputStream(in);
    };
  }
}
