package dev.skep.image;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a table of contents as JSON has it: a file, or a later chunk of the file before it
 * (eStargz: {@code docs/estargz.md} of the stargz snapshotter; zstd:chunked: {@code
 * pkg/chunked/internal} of containers/storage, which took the same form).
 *
 * @param offset where the compressed piece begins that has this chunk, in the layer's blob
 * @param innerOffset where the chunk begins in the uncompressed piece
 * @param chunkSize 0 means all the rest of the file
 * @param chunkType {@code zeros} for a chunk of which nothing is in the blob (zstd:chunked)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TocEntry(
    @Nullable String name,
    @Nullable String type,
    long size,
    @Nullable String modtime,
    @Nullable String linkName,
    long mode,
    long uid,
    long gid,
    @Nullable Map<String, byte[]> xattrs,
    int devMajor,
    int devMinor,
    @Nullable String digest,
    long offset,
    long innerOffset,
    long chunkOffset,
    long chunkSize,
    @Nullable String chunkDigest,
    @Nullable String chunkType) {

  /** Tools that shorten names may leave nothing of this one. */
  private static final String ROOT = "./";

  boolean isChunk() {
    return "chunk".equals(type);
  }

  boolean isFile() {
    return "reg".equals(type);
  }

  boolean isZeros() {
    return "zeros".equals(chunkType);
  }

  /** Bytes of this chunk, of a file of that size. */
  long chunkBytes(long fileBytes) {
    return chunkSize == 0 ? fileBytes - chunkOffset : chunkSize;
  }

  /** What the chunk must sum to; a file of one chunk may have the digest of the file alone. */
  Digest chunkSum(long fileBytes) {
    if (chunkDigest != null && !chunkDigest.isEmpty()) {
      return Digest.parse(chunkDigest);
    }
    if (digest == null || chunkBytes(fileBytes) != fileBytes) {
      throw Invalid.entry(bytes(name), "its table of contents has no digest of a chunk");
    }
    return Digest.parse(digest);
  }

  /** As the tar of the layer would have it. */
  TarEntry entry() {
    byte[] path = bytes(name == null || name.isEmpty() ? ROOT : name);
    Instant time = time(path);
    return new TarEntry(
        type(path),
        path,
        bytes(linkName),
        isFile() ? size : 0,
        (int) mode & 07777,
        id(path, "uid", uid),
        id(path, "gid", gid),
        time.getEpochSecond(),
        time.getNano(),
        devMajor,
        devMinor,
        attributes());
  }

  private TarEntry.Type type(byte[] path) {
    return switch (type) {
      case "reg" -> TarEntry.Type.REGULAR;
      case "dir" -> TarEntry.Type.DIRECTORY;
      case "symlink" -> TarEntry.Type.SYMLINK;
      case "hardlink" -> TarEntry.Type.HARD_LINK;
      case "char" -> TarEntry.Type.CHARACTER;
      case "block" -> TarEntry.Type.BLOCK;
      case "fifo" -> TarEntry.Type.FIFO;
      case null, default ->
          throw Invalid.entry(
              path, "type %s in a table of contents".formatted(Printable.of(text(type))));
    };
  }

  private Instant time(byte[] path) {
    if (modtime == null || modtime.isEmpty()) {
      return Instant.EPOCH;
    }
    try {
      return OffsetDateTime.parse(modtime).toInstant();
    } catch (DateTimeException e) {
      throw Invalid.entry(path, "modtime " + Printable.of(modtime) + " is not a time");
    }
  }

  private static int id(byte[] path, String what, long id) {
    if (id < 0 || id > 0xfffffffeL) {
      throw Invalid.entry(path, what + " " + id + " is not between 0 and 4294967294");
    }
    return (int) id;
  }

  /** Without empty ones, as from a tar. */
  private List<Xattr> attributes() {
    List<Xattr> all = new ArrayList<>();
    if (xattrs != null) {
      xattrs.forEach(
          (key, value) -> {
            if (value.length > 0) {
              all.add(new Xattr(bytes(key), value));
            }
          });
    }
    return all;
  }

  private static byte[] bytes(@Nullable String text) {
    return text(text).getBytes(StandardCharsets.UTF_8);
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : text;
  }
}
