package dev.skep.image;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Where the table of contents of a layer is, and what it must sum to. A layer has one that counts
 * only when the manifest, which is verified, has its digest.
 */
sealed interface TocPlace {
  /**
   * eStargz: the last gzip member but one is a tar of one file, and the footer says where; or that
   * it is in another image.
   *
   * @param toc digest of the JSON document
   */
  record Estargz(Digest toc) implements TocPlace {}

  /**
   * zstd:chunked: a skippable frame, whose place the manifest says.
   *
   * @param compressed digest of the bytes at that place
   */
  record ZstdChunked(Digest compressed, long offset, int bytes) implements TocPlace {}

  /** A zstd table of contents larger than this, compressed, is refused. */
  int MAX_COMPRESSED = 32 << 20;

  /** Bytes of an eStargz footer: an empty gzip member whose extra field has the offset. */
  int FOOTER_BYTES = 51;

  /** Of one that says that the table of contents is in another image. */
  int EXTERNAL_FOOTER_BYTES = 46;

  /** The tag of that image is the image's own with this after it. */
  String EXTERNAL_TAG = "-esgztoc";

  /** Of a layer of that image, which is the table of contents of the layer with this digest. */
  String EXTERNAL_LAYER = "containerd.io/snapshot/stargz/layer.digest";

  String ESTARGZ_DIGEST = "containerd.io/snapshot/stargz/toc.digest";
  List<String> ZSTD_PREFIXES =
      List.of("io.github.containers.zstd-chunked.", "io.containers.zstd-chunked.");

  /** As the manifest says; empty where a layer is not made for being read in parts. */
  static Optional<TocPlace> of(Descriptor layer) {
    for (String prefix : ZSTD_PREFIXES) {
      String checksum = layer.annotations().getOrDefault(prefix + "manifest-checksum", "");
      String position = layer.annotations().getOrDefault(prefix + "manifest-position", "");
      if (Digest.isValid(checksum) && position.matches("\\d{1,15}:\\d{1,9}:\\d{1,15}:1")) {
        String[] parts = position.split(":", -1);
        return Optional.of(
            new ZstdChunked(
                Digest.parse(checksum), Long.parseLong(parts[0]), Integer.parseInt(parts[1])));
      }
    }
    String digest = layer.annotations().getOrDefault(ESTARGZ_DIGEST, "");
    return Digest.isValid(digest)
        ? Optional.of(new Estargz(Digest.parse(digest)))
        : Optional.empty();
  }

  /** The offset of the table of contents that a footer has. */
  static long offset(byte[] footer) {
    // 10 bytes of header, 2 of length, then the subfield 'SG' of 22 bytes: 16 digits and STARGZ.
    byte[] extra = {26, 0, 'S', 'G', 22, 0};
    String payload = new String(footer, 16, 22, StandardCharsets.US_ASCII);
    boolean gzip = footer[0] == 0x1f && footer[1] == (byte) 0x8b && footer[3] == 4;
    if (!gzip
        || !Arrays.equals(footer, 10, 16, extra, 0, 6)
        || !payload.matches("[0-9a-f]{16}STARGZ")) {
      throw Invalid.image("its last %d bytes are no eStargz footer".formatted(FOOTER_BYTES));
    }
    return Long.parseUnsignedLong(payload, 0, 16, 16);
  }

  /** Whether a layer's last bytes say that its table of contents is in another image. */
  static boolean isExternal(byte[] footer) {
    byte[] extra = {21, 0, 'S', 'G', 17, 0};
    int start = footer.length - EXTERNAL_FOOTER_BYTES;
    String payload = new String(footer, start + 16, 17, StandardCharsets.US_ASCII);
    return footer[start] == 0x1f
        && footer[start + 1] == (byte) 0x8b
        && footer[start + 3] == 4
        && Arrays.equals(footer, start + 10, start + 16, extra, 0, 6)
        && payload.equals("STARGZEXTERNALTOC");
  }

  /** The JSON document in an eStargz table of contents, as it streams out of a tar. */
  static InputStream json(byte[] compressed) throws IOException {
    InputStream tar = Compression.GZIP.decompress(new ByteArrayInputStream(compressed));
    TarBlock header = new TarBlock();
    byte[] block = tar.readNBytes(TarBlock.BYTES);
    if (block.length < TarBlock.BYTES) {
      throw new EOFException("its table of contents is cut short");
    }
    System.arraycopy(block, 0, header.bytes(), 0, TarBlock.BYTES);
    header.verifyChecksum();
    if (!new String(header.name(), StandardCharsets.UTF_8).equals(LazyNames.TOC)) {
      throw Invalid.image(
          "%s where its table of contents should be (expected: %s)"
              .formatted(Printable.of(header.name()), LazyNames.TOC));
    }
    return new BoundedStream(tar, header.size());
  }
}
