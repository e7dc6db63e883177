package dev.skep.image;

import dev.skep.api.SkepException;
import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
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

  /** What the stream holds; a stream that is damaged fails with a SkepException. */
  InputStream decompress(InputStream in) {
    try {
      return switch (this) {
        case NONE -> in;
        case GZIP -> new Checked(new GZIPInputStream(in, BUFFER_BYTES));
        case ZSTD -> new Checked(new ZstdInputStream(new ZstdFrames(in)));
      };
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  private SkepException damaged(Exception cause) {
    String message = cause.getMessage();
    return new SkepException(
        SkepException.Code.INVALID,
        "not a whole %s stream: %s".formatted(this, message == null ? cause : message),
        cause);
  }

  private final class Checked extends FilterInputStream {
    private Checked(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
      try {
        return in.read(bytes, offset, length);
      } catch (IOException | MalformedInputException e) {
        throw damaged(e);
      }
    }
  }
}
