package dev.skep.snapshot;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** Files that are never seen half, and are on the disk once they are seen. */
final class WholeFile {
  /** Writes a file's content from its beginning. */
  interface Content {
    void writeTo(FileChannel out) throws IOException;
  }

  private WholeFile() {}

  /** Writes or replaces the file; who has the old one open keeps it. */
  static void write(Path file, Content content) throws IOException {
    Path folder =
        Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file is in a folder");
    Path draft = Files.createTempFile(folder, "." + file.getFileName(), ".new");
    try {
      try (FileChannel out = FileChannel.open(draft, StandardOpenOption.WRITE)) {
        content.writeTo(out);
        out.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
    SnapshotFolder.force(folder);
  }
}
