package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The blocks of file content, written while the layers stream by. A file begins at a block of its
 * own and is contiguous; holes are skipped and so stay holes of the file on disk.
 */
final class ErofsData implements TarReader.Content {
  private final FileChannel channel;
  private final long maxBytes;

  /** Whether content only gets its place, all of it a hole, and is written by somebody later. */
  private final boolean placesOnly;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);

  /** Where the buffer's first byte goes. */
  private long base = Erofs.BLOCK_BYTES;

  private long start;

  ErofsData(FileChannel channel, long maxBytes, boolean placesOnly) {
    this.channel = channel;
    this.maxBytes = maxBytes;
    this.placesOnly = placesOnly;
  }

  /** Begins a file: its first block. */
  long begin(TarEntry entry) {
    start = position();
    if (entry.size() > maxBytes - start) {
      throw new SkepException(
          SkepException.Code.EXHAUSTED,
          "tar entry %s of %d bytes: the image is larger than the %d MiB that are allowed"
              .formatted(Printable.of(entry.name()), entry.size(), maxBytes >> 20));
    }
    return Erofs.block(start);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    int left = length;
    while (left > 0) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int n = Math.min(left, buffer.remaining());
      buffer.put(bytes, at, n);
      at += n;
      left -= n;
    }
  }

  @Override
  public void hole(long bytes) throws IOException {
    if (!placesOnly && bytes < buffer.remaining() && bytes < Erofs.BLOCK_BYTES) {
      pad((int) bytes);
    } else {
      flush();
      base += bytes;
    }
  }

  /** Ends the file: its size in bytes. */
  long end() throws IOException {
    long size = position() - start;
    hole(Erofs.blocks(size) * Erofs.BLOCK_BYTES - size);
    return size;
  }

  /** The first free block, after all that was written. */
  long endBlock() {
    return Erofs.block(position());
  }

  /**
   * Moves the content that still has a name to the front, so that nothing of removed files is left.
   */
  void compact(Inodes inodes) throws IOException {
    flush();
    long free = 1;
    long from = 1;
    long to = 1;
    for (int inode = 1; inode < inodes.end(); inode++) {
      if (!inodes.is(inode, FileMode.REGULAR) || inodes.links(inode) == 0) {
        continue;
      }
      long blocks = Erofs.blocks(inodes.size(inode));
      long block = inodes.data(inode);
      if (block - from != free - to) {
        move(from, to, free - to);
        from = block;
        to = free;
      }
      inodes.data(inode, free, inodes.size(inode));
      free += blocks;
    }
    move(from, to, free - to);
    base = free * Erofs.BLOCK_BYTES;
    channel.truncate(base);
  }

  private void move(long from, long to, long blocks) throws IOException {
    if (from == to || placesOnly) {
      return;
    }
    long left = blocks * Erofs.BLOCK_BYTES;
    long source = from * Erofs.BLOCK_BYTES;
    long target = to * Erofs.BLOCK_BYTES;
    long end = channel.size();
    while (left > 0) {
      buffer.clear().limit((int) Math.min(left, buffer.capacity()));
      int wanted = buffer.limit();
      if (source < end) {
        readFully(source, end);
      }
      // What lies beyond the end of the file is a hole.
      while (buffer.hasRemaining()) {
        buffer.put((byte) 0);
      }
      buffer.flip();
      writeFully(target);
      source += wanted;
      target += wanted;
      left -= wanted;
    }
    buffer.clear();
  }

  private void readFully(long source, long end) throws IOException {
    int limit = buffer.limit();
    buffer.limit((int) Math.min(limit, end - source));
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, source + buffer.position()) < 0) {
        throw new IOException("the image became shorter while it was written");
      }
    }
    buffer.limit(limit);
  }

  private long position() {
    return base + buffer.position();
  }

  private void pad(int bytes) {
    for (int i = 0; i < bytes; i++) {
      buffer.put((byte) 0);
    }
  }

  private void flush() throws IOException {
    buffer.flip();
    int bytes = buffer.remaining();
    writeFully(base);
    base += bytes;
    buffer.clear();
  }

  private void writeFully(long at) throws IOException {
    long position = at;
    while (buffer.hasRemaining()) {
      position += channel.write(buffer, position);
    }
  }
}
