package dev.skep.testkit.firecracker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * Firecracker's log: in a file, which is written from its beginning whatever is in it, or else
 * between what the guest says.
 */
final class FakeLog {
  private final String id;
  private final boolean info;
  private final Optional<FileChannel> file;

  private FakeLog(String id, boolean info, Optional<FileChannel> file) {
    this.id = id;
    this.info = info;
    this.file = file;
  }

  /**
   * @param info whether what is no complaint is logged too
   */
  static FakeLog open(String id, boolean info, Optional<Path> path) throws IOException {
    Optional<FileChannel> file = Optional.empty();
    if (path.isPresent()) {
      file =
          Optional.of(
              FileChannel.open(path.get(), StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    }
    return new FakeLog(id, info, file);
  }

  void info(String thread, String text) {
    if (info) {
      error(thread, text);
    }
  }

  synchronized void error(String thread, String text) {
    String line = LocalDateTime.now(ZoneOffset.UTC) + " [" + id + ":" + thread + "] " + text + "\n";
    if (file.isEmpty()) {
      System.out.print(line);
      return;
    }
    try {
      file.get().write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
