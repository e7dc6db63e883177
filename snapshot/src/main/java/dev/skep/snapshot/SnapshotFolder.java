package dev.skep.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one snapshot or draft. The snapshot is there from when its manifest is, and until
 * its manifest is gone; the manifest's time is that of the last use.
 */
record SnapshotFolder(Path path) {
  String name() {
    return String.valueOf(path.getFileName());
  }

  Path file(String name) {
    return path.resolve(name);
  }

  private Path manifest() {
    return file(SnapshotFiles.MANIFEST);
  }

  private Path staged() {
    return file(SnapshotFiles.MANIFEST + ".new");
  }

  Manifest readManifest() throws IOException {
    return Manifest.parse(Files.readAllBytes(manifest()));
  }

  Instant lastUsedAt() throws IOException {
    return Files.getLastModifiedTime(manifest()).toInstant();
  }

  void touch(Instant now) throws IOException {
    Files.setLastModifiedTime(manifest(), FileTime.from(now));
  }

  /** Puts the manifest beside where it belongs: it and all files are on the disk afterwards. */
  void stage(Manifest manifest, Instant lastUsedAt) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            staged(),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer json = ByteBuffer.wrap(manifest.toJson());
      while (json.hasRemaining()) {
        channel.write(json);
      }
      Files.setLastModifiedTime(staged(), FileTime.from(lastUsedAt));
      channel.force(true);
    }
    force(path);
  }

  /** Makes the staged manifest the one that counts, at once and whole. */
  void commit() throws IOException {
    Files.move(
        staged(), manifest(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  void replaceManifest(Manifest manifest, Instant lastUsedAt) throws IOException {
    stage(manifest, lastUsedAt);
    commit();
    force(path);
  }

  /** From here on the folder is no snapshot; the rest of it can be removed at leisure. */
  void removeManifest() throws IOException {
    Files.deleteIfExists(manifest());
  }

  /** Forces a file of the folder to the disk. */
  void force(String name) throws IOException {
    force(file(name));
  }

  static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Found and expected, if the file is not as long as it was; looks at its length only. */
  Optional<String> lengthProblem(String name, FileFacts expected) throws IOException {
    long found;
    try {
      found = Files.size(file(name));
    } catch (NoSuchFileException e) {
      return Optional.of("%s: missing (expected: %d bytes)".formatted(name, expected.bytes()));
    }
    return found == expected.bytes()
        ? Optional.empty()
        : Optional.of("%s: %d bytes (expected: %d)".formatted(name, found, expected.bytes()));
  }

  /** Whether all of its memory is here. */
  boolean whole() {
    return !Files.exists(file(SnapshotFiles.ABSENT));
  }

  /** Found and expected, if the file is not what it was; reads all of it that is here. */
  Optional<String> problem(String name, FileFacts expected) throws IOException {
    Optional<String> length = lengthProblem(name, expected);
    if (length.isPresent() || (name.equals(SnapshotFiles.MEMORY) && !whole())) {
      return length; // what comes later is compared when it comes
    }
    String found = Crc32c.of(file(name)).crc32c();
    return found.equals(expected.crc32c())
        ? Optional.empty()
        : Optional.of(
            "%s: altered, CRC32C %s (expected: %s)".formatted(name, found, expected.crc32c()));
  }

  /** Removes it with all that is in it, the manifest first; one that is gone stays gone. */
  void delete() throws IOException {
    if (!Files.isDirectory(path)) {
      Files.deleteIfExists(path);
      return;
    }
    removeManifest();
    Files.walkFileTree(path, new Deletion());
  }

  private static final class Deletion extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.delete(folder);
      return FileVisitResult.CONTINUE;
    }
  }
}
