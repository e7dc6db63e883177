package dev.skep.image;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntToLongFunction;

/** The chunks of an image in the making, in the order of layers and of the files in them. */
final class ChunkTable implements Closeable {
  /** A chunk is held in memory as a whole when it is fetched. */
  static final long MAX_CHUNK = 16 << 20;

  private static final int INODE = 0;
  private static final int LAYER = 4;
  private static final int FILE_OFFSET = 8;
  private static final int OFFSET = 16;
  private static final int INNER = 24;
  private static final int BYTES = 32;
  private static final int DIGEST = 36;
  private static final int NAME = DIGEST + ChunkMap.DIGEST_BYTES;
  private static final int NAME_BYTES = NAME + 8;
  private static final int RECORD_BYTES = NAME_BYTES + 4;

  private final ScratchFile scratch;
  private final RecordTable table;
  private final ByteLog names;
  private final long[] layerEnds;
  private final long[] landmarks;

  private ChunkTable(ScratchFile scratch, long[] layerEnds) throws IOException {
    this.scratch = scratch;
    this.table = new RecordTable(scratch, RECORD_BYTES);
    this.names = new ByteLog(scratch);
    this.layerEnds = layerEnds.clone();
    this.landmarks = new long[layerEnds.length];
  }

  /**
   * @param layerEnds of each layer where its compressed content ends
   */
  static ChunkTable create(Path folder, long[] layerEnds) throws IOException {
    ScratchFile scratch = ScratchFile.in(folder);
    try {
      return new ChunkTable(scratch, layerEnds);
    } catch (IOException e) {
      scratch.close();
      throw e;
    }
  }

  /**
   * Adds a chunk.
   *
   * @param name of its file where it is the first of that; empty otherwise
   */
  void add(int inode, int layer, TocEntry chunk, long bytes, Digest digest, byte[] name)
      throws IOException {
    if (chunk.offset() < 0 || chunk.offset() >= layerEnds[layer] || chunk.innerOffset() < 0) {
      throw Invalid.image(
          "table of contents: a chunk at %d of a layer of %d bytes"
              .formatted(chunk.offset(), layerEnds[layer]));
    }
    int record = table.add();
    table.putInt(record, INODE, inode);
    table.putInt(record, LAYER, layer);
    table.putLong(record, FILE_OFFSET, chunk.chunkOffset());
    table.putLong(record, OFFSET, chunk.offset());
    table.putLong(record, INNER, chunk.innerOffset());
    table.putInt(record, BYTES, (int) bytes);
    ByteBuffer sum = ByteBuffer.wrap(digest.bytes());
    for (int at = 0; at < ChunkMap.DIGEST_BYTES; at += Long.BYTES) {
      table.putLong(record, DIGEST + at, sum.getLong(at));
    }
    if (name.length > 0) {
      table.putLong(record, NAME, names.add(name));
      table.putInt(record, NAME_BYTES, name.length);
    }
  }

  /** What lies before that offset of the layer is wanted first. */
  void landmark(int layer, long offset) {
    landmarks[layer] = offset;
  }

  long[] landmarks() {
    return landmarks.clone();
  }

  /**
   * Writes the map of the finished image, and the names of its files beside it.
   *
   * @param place of an inode's content in the image, -1 if it was removed
   */
  void write(LazyFolder folder, IntToLongFunction place) throws IOException {
    writeMap(folder.chunks(), place);
    int chunk = 0;
    try (ChunkNames.Writer out = new ChunkNames.Writer(folder.names())) {
      for (int record = 1; record < table.end(); record++) {
        if (place.applyAsLong(table.getInt(record, INODE)) >= 0) {
          if (table.getInt(record, NAME_BYTES) > 0) {
            out.file(
                chunk, names.get(table.getLong(record, NAME), table.getInt(record, NAME_BYTES)));
          }
          chunk++;
        }
      }
    }
  }

  private void writeMap(Path file, IntToLongFunction place) throws IOException {
    long[] starts = starts();
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16))) {
      out.writeLong(ChunkMap.MAGIC);
      for (int record = 1; record < table.end(); record++) {
        long at = place.applyAsLong(table.getInt(record, INODE));
        if (at >= 0) {
          write(out, record, at, starts);
        }
      }
    }
  }

  private void write(DataOutputStream out, int record, long at, long[] starts) throws IOException {
    int layer = table.getInt(record, LAYER);
    long offset = table.getLong(record, OFFSET);
    out.writeLong(at + table.getLong(record, FILE_OFFSET));
    out.writeInt(table.getInt(record, BYTES));
    out.writeInt(layer);
    out.writeLong(offset);
    out.writeLong(Math.min(end(starts, layer, offset), offset + mostCompressed(record)));
    out.writeLong(table.getLong(record, INNER));
    for (int i = 0; i < ChunkMap.DIGEST_BYTES; i += Long.BYTES) {
      out.writeLong(table.getLong(record, DIGEST + i));
    }
  }

  /** What the chunk and all before it in its piece can take up at most, for want of redundancy. */
  private long mostCompressed(int record) {
    long plain = table.getLong(record, INNER) + table.getInt(record, BYTES);
    return plain + plain / 64 + (64 << 10);
  }

  /** Where compressed pieces begin, as layer and offset in one number, sorted. */
  private long[] starts() {
    long[] starts = new long[table.end() - 1];
    for (int record = 1; record < table.end(); record++) {
      starts[record - 1] = start(table.getInt(record, LAYER), table.getLong(record, OFFSET));
    }
    Arrays.sort(starts);
    return starts;
  }

  private static long start(int layer, long offset) {
    return (long) layer << 48 | offset;
  }

  private long end(long[] starts, int layer, long offset) {
    int next = Arrays.binarySearch(starts, start(layer, offset) + 1);
    next = next < 0 ? -next - 1 : next;
    boolean sameLayer = next < starts.length && starts[next] >>> 48 == layer;
    return sameLayer ? starts[next] & (1L << 48) - 1 : layerEnds[layer];
  }

  @Override
  public void close() throws IOException {
    scratch.close();
  }
}
