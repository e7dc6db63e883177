package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Chunks out of compressed pieces, compared with their digests: nothing else is ever given out. */
final class ChunkFetch {
  private ChunkFetch() {}

  /**
   * The chunk that a piece has.
   *
   * @throws SkepException INVALID, with found and expected, if it is another one
   */
  static byte[] chunk(ChunkMap map, int chunk, byte[] piece) {
    byte[] content = decompress(piece, map.inner(chunk), map.bytes(chunk));
    Digest found = Digest.of(content);
    if (!found.equals(map.digest(chunk))) {
      throw wrong("sums to %s, expected %s".formatted(found, map.digest(chunk)));
    }
    return content;
  }

  private static byte[] decompress(byte[] piece, int skip, int bytes) {
    BufferedInputStream in = new BufferedInputStream(new ByteArrayInputStream(piece));
    try (InputStream plain = Compression.of(in).decompress(in)) {
      plain.skipNBytes(skip);
      byte[] content = plain.readNBytes(bytes);
      if (content.length < bytes) {
        throw new EOFException();
      }
      return content;
    } catch (EOFException e) {
      throw wrong("has less than %d bytes".formatted(bytes));
    } catch (IOException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private static SkepException wrong(String what) {
    return new SkepException(Code.INVALID, "the registry sent a chunk that " + what);
  }
}
