package dev.skep.image;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar stream in the V7, ustar, PAX and GNU formats, with long names, attributes and sparse
 * files. Content that is not asked for is skipped by {@link #next}. Extended headers are bounded:
 * no stream makes this use more than a few megabytes.
 */
final class TarReader implements LayerEntries {
  /** Receives the content of a file in order. */
  interface Content {
    void write(byte[] bytes, int offset, int length) throws IOException;

    void hole(long bytes) throws IOException;
  }

  private static final int MAX_EXTENSION = 1 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 18];
  private int at;
  private int limit;
  private long consumed;

  private final TarBlock block = new TarBlock();
  private long stored;
  private long padding;
  private long size;
  private @Nullable SparseMap sparse;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** Bytes of the stream before the content of the current entry. */
  long position() {
    return consumed;
  }

  /** Null at the end; then the rest of the stream has been read. */
  @Override
  public @Nullable TarEntry next() throws IOException {
    byte[] longName = null;
    byte[] longLink = null;
    PaxRecords pax = new PaxRecords();
    while (true) {
      skip(stored + padding);
      stored = 0;
      padding = 0;
      if (!readBlock() || block.isZero()) {
        drain();
        return null;
      }
      block.verifyChecksum();
      switch (block.type()) {
        case 'L' -> longName = untilZero(extension("GNU long name"));
        case 'K' -> longLink = untilZero(extension("GNU long link"));
        case 'x' -> pax = PaxRecords.parse(extension("PAX header"));
        case 'g' -> extension("PAX global header");
        case 'V' -> skip(padded(block.size()));
        default -> {
          return entry(pax, longName, longLink);
        }
      }
    }
  }

  @Override
  public void content(int inode, Content to) throws IOException {
    content(to);
  }

  /** Gives the content of the current entry, once. */
  void content(Content to) throws IOException {
    long end = 0;
    SparseMap map = sparse;
    if (map == null) {
      copy(stored, to);
      end = size;
    } else {
      for (int i = 0; i < map.pieces(); i++) {
        to.hole(map.offset(i) - end);
        copy(map.bytes(i), to);
        end = map.offset(i) + map.bytes(i);
      }
      to.hole(size - end);
    }
    stored = 0;
  }

  private TarEntry entry(PaxRecords pax, byte @Nullable [] longName, byte @Nullable [] longLink)
      throws IOException {
    byte[] name = pick(pax.bytes("path"), longName, block.name());
    byte[] sparseName = pax.bytes("GNU.sparse.name");
    name = sparseName == null ? name : sparseName;
    byte[] link = pick(pax.bytes("linkpath"), longLink, block.linkName());
    TarEntry.Type type = type(name);
    long @Nullable [] mtime = pax.time("mtime");
    boolean device = type == TarEntry.Type.CHARACTER || type == TarEntry.Type.BLOCK;
    begin(name, type, pax);
    return new TarEntry(
        type,
        name,
        link,
        size,
        block.permissions(),
        id(name, "uid", pax.number("uid", block.uid())),
        id(name, "gid", pax.number("gid", block.gid())),
        mtime == null ? block.mtime() : mtime[0],
        mtime == null ? 0 : (int) mtime[1],
        device ? block.deviceMajor() : 0,
        device ? block.deviceMinor() : 0,
        List.copyOf(pax.xattrs()));
  }

  private TarEntry.Type type(byte[] name) {
    return switch (block.type()) {
      case 0, '0', '7', 'S' ->
          name.length > 0 && name[name.length - 1] == '/' && block.type() != 'S'
              ? TarEntry.Type.DIRECTORY
              : TarEntry.Type.REGULAR;
      case '1' -> TarEntry.Type.HARD_LINK;
      case '2' -> TarEntry.Type.SYMLINK;
      case '3' -> TarEntry.Type.CHARACTER;
      case '4' -> TarEntry.Type.BLOCK;
      case '5' -> TarEntry.Type.DIRECTORY;
      case '6' -> TarEntry.Type.FIFO;
      default ->
          throw Invalid.entry(
              name,
              "type %s is not supported (files, links, devices, folders and pipes are)"
                  .formatted(Printable.of(new byte[] {block.type()})));
    };
  }

  private void begin(byte[] name, TarEntry.Type type, PaxRecords pax) throws IOException {
    // All but files have no content whatever their size says: so say the readers of other tools.
    stored = type == TarEntry.Type.REGULAR ? pax.number("size", block.size()) : 0;
    if (stored < 0) {
      throw Invalid.entry(name, "size " + stored + " is negative");
    }
    padding = padded(stored) - stored;
    size = type == TarEntry.Type.REGULAR ? stored : 0;
    sparse = null;
    if (type == TarEntry.Type.REGULAR) {
      beginSparse(pax);
    }
  }

  private void beginSparse(PaxRecords pax) throws IOException {
    if (block.type() == 'S') {
      sparse = oldGnuMap();
    } else if (pax.number("GNU.sparse.major", 0) == 1) {
      size = pax.number("GNU.sparse.realsize", -1);
      sparse = leadingMap();
    } else if (pax.has("GNU.sparse.size")) {
      size = pax.number("GNU.sparse.size", -1);
      SparseMap map = pax.sparseMap();
      sparse = map == null ? new SparseMap() : map;
    }
    if (sparse != null) {
      sparse.verify(size, stored);
      padding = padded(stored) - stored;
    }
  }

  private SparseMap oldGnuMap() throws IOException {
    SparseMap map = new SparseMap();
    long realSize = block.number(483, 12, "real size");
    boolean more = oldGnuPieces(map, 386, 4) && block.bytes()[482] != 0;
    while (more) {
      if (!readBlock()) {
        throw truncated();
      }
      more = oldGnuPieces(map, 0, 21) && block.bytes()[504] != 0;
    }
    size = realSize;
    return map;
  }

  private boolean oldGnuPieces(SparseMap map, int from, int count) {
    for (int i = 0; i < count; i++) {
      if (block.bytes()[from + 24 * i] == 0) {
        return false;
      }
      map.add(
          block.number(from + 24 * i, 12, "sparse offset"),
          block.number(from + 24 * i + 12, 12, "sparse length"));
    }
    return true;
  }

  /** Format 1.0: the map leads the content, as decimal lines, filled up to a block. */
  private SparseMap leadingMap() throws IOException {
    long start = consumed;
    SparseMap map = new SparseMap();
    long pieces = decimalLine();
    for (long i = 0; i < pieces; i++) {
      map.add(decimalLine(), decimalLine());
    }
    skip(padded(consumed - start) - (consumed - start));
    stored -= consumed - start;
    return map;
  }

  private long decimalLine() throws IOException {
    long value = 0;
    for (int digits = 0; digits < 19; digits++) {
      byte b = readByte();
      if (b == '\n' && digits > 0) {
        return value;
      }
      if (b < '0' || b > '9') {
        break;
      }
      value = value * 10 + b - '0';
    }
    throw Invalid.image("sparse file: its map is not a list of decimal lines");
  }

  private int id(byte[] name, String what, long id) {
    if (id < 0 || id > 0xfffffffeL) {
      throw Invalid.entry(name, what + " " + id + " is not between 0 and 4294967294");
    }
    return (int) id;
  }

  private static byte[] pick(byte @Nullable [] pax, byte @Nullable [] gnu, byte[] header) {
    if (pax != null && pax.length > 0) {
      return pax;
    }
    return gnu != null ? gnu : header;
  }

  private byte[] extension(String what) throws IOException {
    long length = block.size();
    if (length < 0 || length > MAX_EXTENSION) {
      throw Invalid.image(
          "%s of %d bytes: at most %d are accepted".formatted(what, length, MAX_EXTENSION));
    }
    byte[] body = new byte[(int) length];
    readFully(body, body.length);
    skip(padded(length) - length);
    return body;
  }

  private static byte[] untilZero(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return Arrays.copyOf(bytes, end);
  }

  private static long padded(long bytes) {
    return bytes + TarBlock.BYTES - 1 & -TarBlock.BYTES;
  }

  private void copy(long bytes, Content to) throws IOException {
    long left = bytes;
    while (left > 0) {
      if (at == limit && !fill()) {
        throw truncated();
      }
      int n = (int) Math.min(left, limit - at);
      to.write(buffer, at, n);
      at += n;
      consumed += n;
      left -= n;
    }
  }

  private void skip(long bytes) throws IOException {
    long left = bytes;
    while (left > 0) {
      if (at == limit && left >= buffer.length) {
        // Where the source can seek this reads nothing; a skip beyond the end shows at the next
        // read.
        long skipped = in.skip(left);
        consumed += skipped;
        left -= skipped;
        if (skipped > 0) {
          continue;
        }
      }
      if (at == limit && !fill()) {
        throw truncated();
      }
      int n = (int) Math.min(left, limit - at);
      at += n;
      consumed += n;
      left -= n;
    }
  }

  private byte readByte() throws IOException {
    if (at == limit && !fill()) {
      throw truncated();
    }
    consumed++;
    return buffer[at++];
  }

  /** False at the end of the stream. */
  private boolean readBlock() throws IOException {
    if (at == limit && !fill()) {
      return false;
    }
    readFully(block.bytes(), TarBlock.BYTES);
    return true;
  }

  private void readFully(byte[] to, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (at == limit && !fill()) {
        throw truncated();
      }
      int n = Math.min(length - done, limit - at);
      System.arraycopy(buffer, at, to, done, n);
      at += n;
      consumed += n;
      done += n;
    }
  }

  private boolean fill() throws IOException {
    at = 0;
    limit = Math.max(0, in.read(buffer));
    return limit > 0;
  }

  private void drain() throws IOException {
    do {
      at = limit;
    } while (fill());
  }

  private EOFException truncated() {
    return new EOFException(
        "the tar stream ends within an entry, after %d bytes".formatted(consumed));
  }
}
