package dev.skep.image;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import tools.jackson.core.JsonGenerator;

/**
 * Writes one layer as eStargz (stargz snapshotter, {@code docs/estargz.md}): a tar whose every
 * chunk of content begins a gzip member, with a table of contents at its end. The same entries give
 * the same bytes.
 */
final class EstargzWriter implements Closeable {
  /** Of content in one member: what a reader that wants one byte has to fetch. */
  static final int CHUNK_BYTES = 1 << 20;

  private static final byte[] LANDMARK = {0xf};
  private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 255};

  /**
   * What the layer has become.
   *
   * @param toc digest of the table of contents, for the manifest
   * @param diffId digest of the uncompressed tar
   */
  record Written(Digest toc, Digest blob, Digest diffId, long bytes, long tarBytes) {}

  private final GzipMembers out;
  private final ByteArrayOutputStream document = new ByteArrayOutputStream();
  private final JsonGenerator toc = Json.MAPPER.createGenerator(document);
  private final byte[] buffer = new byte[CHUNK_BYTES];

  EstargzWriter(OutputStream to) {
    out = new GzipMembers(to);
    toc.writeStartObject().writeNumberProperty("version", 1).writeArrayPropertyStart("entries");
  }

  /** Adds an entry and, for a file, its content of {@code entry.size()} bytes. */
  void add(TarEntry entry, InputStream content) throws IOException {
    out.write(TarWriter.header(entry));
    if (entry.type() != TarEntry.Type.REGULAR || entry.size() == 0) {
      begin(entry);
      toc.writeEndObject();
      return;
    }
    MessageDigest whole = Digest.sha256();
    List<Chunk> chunks = new ArrayList<>();
    for (long done = 0; done < entry.size(); ) {
      int n = content.readNBytes(buffer, 0, (int) Math.min(CHUNK_BYTES, entry.size() - done));
      if (n <= 0) {
        throw new java.io.EOFException("the content of a file ends early");
      }
      out.nextMember();
      chunks.add(new Chunk(out.memberStart(), done, n, Digest.of(buffer, n)));
      whole.update(buffer, 0, n);
      out.write(buffer, n);
      done += n;
    }
    describe(entry, Digest.of(whole), chunks);
    out.nextMember();
    out.write(TarWriter.padding(entry.size()));
  }

  private record Chunk(long offset, long at, int bytes, Digest digest) {}

  private void describe(TarEntry entry, Digest whole, List<Chunk> chunks) {
    begin(entry);
    toc.writeStringProperty("digest", whole.toString());
    describe(chunks.getFirst());
    for (Chunk chunk : chunks.subList(1, chunks.size())) {
      toc.writeStartObject()
          .writeStringProperty("name", name(entry))
          .writeStringProperty("type", "chunk");
      describe(chunk);
    }
  }

  private void describe(Chunk chunk) {
    toc.writeNumberProperty("offset", chunk.offset)
        .writeNumberProperty("chunkOffset", chunk.at)
        .writeNumberProperty("chunkSize", chunk.bytes)
        .writeStringProperty("chunkDigest", chunk.digest.toString())
        .writeEndObject();
  }

  /** Marks that what was added so far is what a start reads. */
  void landmark(boolean anythingBefore) throws IOException {
    String name = anythingBefore ? LazyNames.PREFETCH_LANDMARK : LazyNames.NO_PREFETCH_LANDMARK;
    add(file(name, LANDMARK.length), new java.io.ByteArrayInputStream(LANDMARK));
  }

  private static TarEntry file(String name, long bytes) {
    return new TarEntry(
        TarEntry.Type.REGULAR,
        name.getBytes(StandardCharsets.UTF_8),
        new byte[0],
        bytes,
        0644,
        0,
        0,
        0,
        0,
        0,
        0,
        List.of());
  }

  private void begin(TarEntry entry) {
    toc.writeStartObject()
        .writeStringProperty("name", name(entry))
        .writeStringProperty("type", type(entry.type()));
    if (entry.size() > 0) {
      toc.writeNumberProperty("size", entry.size());
    }
    toc.writeStringProperty("modtime", Instant.ofEpochSecond(entry.mtime()).toString());
    if (entry.linkName().length > 0) {
      toc.writeStringProperty("linkName", text(entry.linkName()));
    }
    toc.writeNumberProperty("mode", entry.permissions())
        .writeNumberProperty("uid", Integer.toUnsignedLong(entry.uid()))
        .writeNumberProperty("gid", Integer.toUnsignedLong(entry.gid()));
    if (entry.type() == TarEntry.Type.CHARACTER || entry.type() == TarEntry.Type.BLOCK) {
      toc.writeNumberProperty("devMajor", entry.deviceMajor())
          .writeNumberProperty("devMinor", entry.deviceMinor());
    }
    if (!entry.xattrs().isEmpty()) {
      toc.writeObjectPropertyStart("xattrs");
      entry.xattrs().forEach(x -> toc.writeName(text(x.name())).writeBinary(x.value()));
      toc.writeEndObject();
    }
  }

  /** Writes the table of contents and the footer. */
  Written finish() throws IOException {
    toc.writeEndArray().writeEndObject().close();
    out.nextMember();
    long tocAt = out.memberStart();
    byte[] json = document.toByteArray();
    out.write(TarWriter.header(file(LazyNames.TOC, json.length)));
    out.write(json);
    out.write(TarWriter.padding(json.length));
    out.write(new byte[2 * TarBlock.BYTES]);
    out.end();
    out.raw(footer(tocAt));
    return new Written(
        Digest.of(json), out.blobDigest(), out.tarDigest(), out.bytes(), out.tarBytes());
  }

  /** An empty gzip member whose extra field says where the table of contents is. */
  private static byte[] footer(long tocAt) {
    byte[] footer = new byte[TocPlace.FOOTER_BYTES];
    System.arraycopy(GZIP_HEADER, 0, footer, 0, GZIP_HEADER.length);
    footer[3] = 4; // FEXTRA
    byte[] extra = {26, 0, 'S', 'G', 22, 0};
    System.arraycopy(extra, 0, footer, 10, extra.length);
    byte[] payload = "%016xSTARGZ".formatted(tocAt).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(payload, 0, footer, 16, payload.length);
    byte[] empty = {1, 0, 0, (byte) 0xff, (byte) 0xff};
    System.arraycopy(empty, 0, footer, 38, empty.length);
    return footer;
  }

  private static String name(TarEntry entry) {
    String name = text(entry.name());
    return name.startsWith("./") && name.length() > 2 ? name.substring(2) : name;
  }

  private static String type(TarEntry.Type type) {
    return switch (type) {
      case REGULAR -> "reg";
      case HARD_LINK -> "hardlink";
      case SYMLINK -> "symlink";
      case CHARACTER -> "char";
      case BLOCK -> "block";
      case DIRECTORY -> "dir";
      case FIFO -> "fifo";
    };
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    toc.close();
    out.close();
  }

  /** A tar as gzip members, each begun where it is asked for. */
  private static final class GzipMembers {
    private final OutputStream to;
    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final MessageDigest blob = Digest.sha256();
    private final MessageDigest tar = Digest.sha256();
    private final java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    private final byte[] compressed = new byte[1 << 16];
    private long bytes;
    private long tarBytes;
    private long memberStart;
    private boolean open;

    private GzipMembers(OutputStream to) {
      this.to = to;
    }

    void write(byte[] content) throws IOException {
      write(content, content.length);
    }

    void write(byte[] content, int length) throws IOException {
      if (length == 0) {
        return;
      }
      begin();
      tar.update(content, 0, length);
      tarBytes += length;
      crc.update(content, 0, length);
      deflater.setInput(content, 0, length);
      while (!deflater.needsInput()) {
        raw(compressed, deflater.deflate(compressed));
      }
    }

    /** What is written next begins a member, at {@link #memberStart}. */
    void nextMember() throws IOException {
      end();
      memberStart = bytes;
    }

    long memberStart() {
      return memberStart;
    }

    private void begin() throws IOException {
      if (!open) {
        open = true;
        raw(GZIP_HEADER);
      }
    }

    void end() throws IOException {
      if (!open) {
        return;
      }
      deflater.finish();
      while (!deflater.finished()) {
        raw(compressed, deflater.deflate(compressed));
      }
      int sum = (int) crc.getValue();
      int length = (int) deflater.getBytesRead();
      raw(
          java.nio.ByteBuffer.allocate(8)
              .order(java.nio.ByteOrder.LITTLE_ENDIAN)
              .putInt(sum)
              .putInt(length)
              .array());
      deflater.reset();
      crc.reset();
      open = false;
    }

    void raw(byte[] content) throws IOException {
      raw(content, content.length);
    }

    private void raw(byte[] content, int length) throws IOException {
      to.write(content, 0, length);
      blob.update(content, 0, length);
      bytes += length;
    }

    long bytes() {
      return bytes;
    }

    long tarBytes() {
      return tarBytes;
    }

    Digest blobDigest() {
      return Digest.of(blob);
    }

    Digest tarDigest() {
      return Digest.of(tar);
    }

    void close() {
      deflater.end();
    }
  }
}
