package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.Chunks;
import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import io.airlift.compress.v3.zstd.ZstdOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;

/**
 * Objects that are named by the SHA-256 of their content and are compressed (zstd): what is there
 * is not sent again, and what comes is compared with its name before anybody sees it. Thread-safe.
 */
final class ContentStore {
  private static final int BUFFER_BYTES = 256 << 10;

  private final Bucket bucket;

  ContentStore(Bucket bucket) {
    this.bucket = bucket;
  }

  /** A file's part in an object. */
  record Part(Path file, long bytes) {}

  /**
   * Stores a chunk of memory.
   *
   * @param again whether to send it even if it seems to be there
   */
  Stored put(ByteBuffer chunk, boolean again) {
    var stored = new Stored(Chunks.name(chunk), chunk.remaining());
    var compressor = new ZstdJavaCompressor();
    byte[] content = new byte[chunk.remaining()];
    chunk.duplicate().get(content);
    byte[] out = new byte[compressor.maxCompressedLength(content.length)];
    int length = compressor.compress(content, 0, content.length, out, 0, out.length);
    if (again || !isThere(stored, length)) {
      bucket.write(stored.key(), Arrays.copyOf(out, length));
    }
    return stored;
  }

  /**
   * Stores files back to back as one object.
   *
   * @param scratch a folder for the compressed copy, which has to be whole before it is sent
   */
  Stored put(List<Path> files, Path scratch, boolean again) throws IOException {
    Path compressed = Files.createTempFile(scratch, ".upload", ".zst");
    try {
      MessageDigest sha = Chunks.sha256();
      long bytes = 0;
      try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(compressed))) {
        for (Path file : files) {
          bytes += copy(file, out, sha);
        }
      }
      var stored = new Stored(HexFormat.of().formatHex(sha.digest()), bytes);
      if (again || !isThere(stored, Files.size(compressed))) {
        bucket.write(stored.key(), compressed);
      }
      return stored;
    } finally {
      Files.deleteIfExists(compressed);
    }
  }

  /** One of another length is the rest of something that went wrong, or of another zstd. */
  private boolean isThere(Stored stored, long compressedBytes) {
    OptionalLong length = bucket.length(stored.key());
    return length.isPresent() && length.getAsLong() == compressedBytes;
  }

  private static long copy(Path file, OutputStream out, MessageDigest sha) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        sha.update(buffer, 0, read);
        out.write(buffer, 0, read);
        bytes += read;
      }
    }
    return bytes;
  }

  /**
   * Fills the rest of the buffer with a chunk of that length.
   *
   * @throws SkepException INVALID, with found and expected, if it is something else
   */
  void get(Stored chunk, ByteBuffer into) {
    int most = new ZstdJavaCompressor().maxCompressedLength((int) chunk.bytes());
    try (InputStream in = bucket.read(chunk.key())) {
      byte[] compressed = in.readNBytes(most + 1);
      if (compressed.length > most) {
        throw altered(chunk, "more than " + most + " bytes");
      }
      byte[] content = new byte[(int) chunk.bytes()];
      int length =
          new ZstdJavaDecompressor()
              .decompress(compressed, 0, compressed.length, content, 0, content.length);
      if (length != content.length) {
        throw altered(chunk, length + " bytes of content");
      }
      String found = Chunks.name(ByteBuffer.wrap(content));
      if (!found.equals(chunk.sha256())) {
        throw altered(chunk, "content with SHA-256 " + found);
      }
      into.put(content);
    } catch (MalformedInputException | IllegalArgumentException e) {
      throw altered(chunk, "no zstd of it: " + e.getMessage());
    } catch (IOException e) {
      throw broken(chunk, e);
    }
  }

  /**
   * Writes an object's content to files, back to back. They are whole and as they were stored, or
   * are removed.
   *
   * @throws SkepException INVALID, with found and expected, if the object is something else
   */
  void get(Stored stored, List<Part> parts) throws IOException {
    try (InputStream in = new ZstdInputStream(bucket.read(stored.key()))) {
      MessageDigest sha = Chunks.sha256();
      for (Part part : parts) {
        fill(part, new ReadingOf(stored, in), sha);
      }
      if (new ReadingOf(stored, in).read(new byte[1], 1) >= 0) {
        throw altered(stored, "more than " + stored.bytes() + " bytes of content");
      }
      String found = HexFormat.of().formatHex(sha.digest());
      if (!found.equals(stored.sha256())) {
        throw altered(stored, "content with SHA-256 " + found);
      }
    } catch (SkepException | IOException e) {
      for (Part part : parts) {
        Files.deleteIfExists(part.file());
      }
      throw e;
    }
  }

  private void fill(Part part, ReadingOf in, MessageDigest sha) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (OutputStream out = Files.newOutputStream(part.file())) {
      for (long left = part.bytes(); left > 0; ) {
        int read = in.read(buffer, (int) Math.min(left, buffer.length));
        if (read < 0) {
          throw altered(in.stored, "an end " + left + " bytes too early");
        }
        sha.update(buffer, 0, read);
        out.write(buffer, 0, read);
        left -= read;
      }
    }
  }

  /** Tells what is wrong with the bytes from what is wrong with their way here. */
  private final class ReadingOf {
    private final Stored stored;
    private final InputStream in;

    ReadingOf(Stored stored, InputStream in) {
      this.stored = stored;
      this.in = in;
    }

    int read(byte[] buffer, int length) {
      try {
        return in.read(buffer, 0, length);
      } catch (EOFException | MalformedInputException | IllegalArgumentException e) {
        throw altered(stored, "no zstd of it: " + e.getMessage());
      } catch (IOException e) {
        throw broken(stored, e);
      }
    }
  }

  private SkepException altered(Stored stored, String found) {
    return new SkepException(
        Code.INVALID,
        "%s: %s (expected: %d bytes with SHA-256 %s)"
            .formatted(bucket.name(stored.key()), found, stored.bytes(), stored.sha256()));
  }

  private SkepException broken(Stored stored, IOException e) {
    return new SkepException(Code.UNAVAILABLE, bucket.name(stored.key()) + ": " + e, e);
  }
}
