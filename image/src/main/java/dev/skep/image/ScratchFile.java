package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Zeroed memory that lives in an unlinked file, so that the metadata of an image with millions of
 * files costs page cache and not heap. Confined to the thread that opened it.
 */
final class ScratchFile implements Closeable {
  private final FileChannel channel;
  private final Arena arena = Arena.ofConfined();
  private long size;

  private ScratchFile(FileChannel channel) {
    this.channel = channel;
  }

  static ScratchFile in(Path folder) throws IOException {
    Path path = Files.createTempFile(folder, "scratch", "");
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Files.delete(path);
    return new ScratchFile(channel);
  }

  MemorySegment page(int bytes) throws IOException {
    // Written before it is mapped: a full disk is an IOException here, but a SIGBUS in a mapping.
    ByteBuffer zeros = ByteBuffer.allocate(bytes);
    while (zeros.hasRemaining()) {
      channel.write(zeros, size + zeros.position());
    }
    MemorySegment page = channel.map(FileChannel.MapMode.READ_WRITE, size, bytes, arena);
    size += bytes;
    return page;
  }

  @Override
  public void close() throws IOException {
    arena.close();
    channel.close();
  }
}
