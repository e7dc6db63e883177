package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Buffered sequential writes to several regions of one file. */
final class BlockFile {
  private final FileChannel channel;

  BlockFile(FileChannel channel) {
    this.channel = channel;
  }

  Region region(long start) {
    return new Region(start);
  }

  /** Makes the file exactly as long as said; what was not written reads as zeros. */
  void size(long bytes) throws IOException {
    if (channel.size() < bytes) {
      channel.write(ByteBuffer.allocate(1), bytes - 1);
    }
    channel.truncate(bytes);
  }

  final class Region implements Closeable {
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 17);
    private final long start;
    private long base;

    private Region(long start) {
      this.start = start;
      this.base = start;
    }

    void write(byte[] bytes, int length) throws IOException {
      if (buffer.remaining() < length) {
        flush();
      }
      if (length > buffer.capacity()) {
        writeFully(ByteBuffer.wrap(bytes, 0, length));
      } else {
        buffer.put(bytes, 0, length);
      }
    }

    /** Goes on at an offset of the region, with zeros on the way. */
    void skipTo(long offset) throws IOException {
      byte[] zeros = new byte[(int) (start + offset - position())];
      write(zeros, zeros.length);
    }

    /** Zeros up to the next block. */
    void fillBlock() throws IOException {
      skipTo(Erofs.blocks(position() - start) * Erofs.BLOCK_BYTES);
    }

    long block() {
      return Erofs.block(position());
    }

    @Override
    public void close() throws IOException {
      flush();
    }

    private long position() {
      return base + buffer.position();
    }

    private void flush() throws IOException {
      writeFully(buffer.flip());
      buffer.clear();
    }

    private void writeFully(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        base += channel.write(bytes, base);
      }
    }
  }
}
