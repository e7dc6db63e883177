package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The chunks of one stretch of a layer, compared with their digests: nothing else is ever given
 * out. A piece that has several of them is decompressed once.
 */
final class ChunkFetch {
  private final ChunkMap map;
  private final int last;
  private final long start;
  private final byte[] stretch;
  private long pieceOffset = -1;
  private byte[] piece = {};

  /**
   * @param stretch the layer's bytes from the offset of the first chunk to the end of the last
   */
  ChunkFetch(ChunkMap map, int first, int last, byte[] stretch) {
    this.map = map;
    this.last = last;
    this.start = map.offset(first);
    this.stretch = stretch;
  }

  /**
   * One of the chunks; asked for in their order.
   *
   * @throws SkepException INVALID, with found and expected, if it is another one
   */
  byte[] chunk(int chunk) {
    if (map.offset(chunk) != pieceOffset) {
      pieceOffset = map.offset(chunk);
      piece = decompress(chunk);
    }
    int from = map.inner(chunk);
    byte[] content = Arrays.copyOfRange(piece, from, from + map.bytes(chunk));
    Digest found = Digest.of(content);
    if (!found.equals(map.digest(chunk))) {
      throw wrong("sums to %s, expected %s".formatted(found, map.digest(chunk)));
    }
    return content;
  }

  /** As much of the piece as the chunks from this one on need. */
  private byte[] decompress(int chunk) {
    int until = chunk;
    while (until < last && map.offset(until + 1) == pieceOffset) {
      until++;
    }
    int wanted = map.inner(until) + map.bytes(until);
    int from = (int) (pieceOffset - start);
    int bytes = (int) (map.end(chunk) - pieceOffset);
    BufferedInputStream in =
        new BufferedInputStream(new ByteArrayInputStream(stretch, from, bytes));
    try (InputStream plain = Compression.of(in).decompress(in)) {
      byte[] content = plain.readNBytes(wanted);
      if (content.length < wanted) {
        throw new EOFException();
      }
      return content;
    } catch (EOFException e) {
      throw wrong("has less than %d bytes".formatted(wanted));
    } catch (IOException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private static SkepException wrong(String what) {
    return new SkepException(Code.INVALID, "the registry sent a chunk that " + what);
  }
}
