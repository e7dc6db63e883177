package dev.skep.snapshot;

import dev.skep.linux.DataExtents;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Sums a file up. Only its data is read; the zeros of its holes are added from memory, which the
 * CPU's CRC instruction does at several GB/s.
 */
final class Crc32c {
  private static final int CHUNK_BYTES = 1 << 20;

  private final CRC32C sum = new CRC32C();
  private final FileChannel channel;
  private final ByteBuffer zeros;
  private final ByteBuffer chunk;
  private long summed;
  private long allocated;

  private Crc32c(FileChannel channel, Arena arena) {
    this.channel = channel;
    this.zeros = arena.allocate(CHUNK_BYTES).asByteBuffer();
    this.chunk = arena.allocate(CHUNK_BYTES).asByteBuffer();
  }

  /** What the file is now; nobody may write to it meanwhile. */
  static FileFacts of(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long bytes = channel.size();
      var reading = new Crc32c(channel, arena);
      DataExtents.visit(file, reading::data);
      reading.zerosUntil(bytes);
      return new FileFacts(
          bytes, reading.allocated, "%08x".formatted((int) reading.sum.getValue()));
    }
  }

  private void data(long offset, long bytes) throws IOException {
    zerosUntil(offset);
    long end = offset + bytes;
    while (summed < end) {
      chunk.clear().limit((int) Math.min(CHUNK_BYTES, end - summed));
      int read = channel.read(chunk, summed);
      if (read < 0) {
        throw new IOException("ends at byte %d of %d: somebody cut it".formatted(summed, end));
      }
      sum.update(chunk.flip());
      summed += read;
    }
    allocated += bytes;
  }

  private void zerosUntil(long offset) {
    while (summed < offset) {
      zeros.clear().limit((int) Math.min(CHUNK_BYTES, offset - summed));
      summed += zeros.remaining();
      sum.update(zeros);
    }
  }
}
