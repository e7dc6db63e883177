package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a store: {@code erofs/KEY.erofs} for images, {@code lazy/KEY/} for those whose
 * content is still to come and {@code mount/KEY.erofs} where those are read, {@code access/KEY} for
 * what starts of them read first, {@code blobs/} for layers on their way, {@code tmp/} for what is
 * being written. The last two do not outlive a restart.
 */
final class ImageFolder {
  private static final String SUFFIX = ".erofs";

  private final Path root;

  private ImageFolder(Path root) {
    this.root = root;
  }

  /** Makes the folders and removes what an earlier run left half done. */
  static ImageFolder open(Path root) throws IOException {
    ImageFolder folder = new ImageFolder(root);
    Files.createDirectories(root.resolve("erofs"));
    Files.createDirectories(folder.lazy());
    for (Path left : List.of(root.resolve("tmp"), folder.blobs())) {
      if (Files.exists(left)) {
        deleteTree(left);
      }
      Files.createDirectory(left);
    }
    return folder;
  }

  /** The folder of a store that another process has opened. */
  static ImageFolder existing(Path root) {
    return new ImageFolder(root);
  }

  Path root() {
    return root;
  }

  Path index() {
    return root.resolve("index.json");
  }

  Path blobs() {
    return root.resolve("blobs");
  }

  Path erofs(String key) {
    return root.resolve("erofs").resolve(key + SUFFIX);
  }

  Path lazy() {
    return root.resolve("lazy");
  }

  LazyFolder lazy(String key) {
    return new LazyFolder(lazy().resolve(key));
  }

  Path access(String key) {
    return root.resolve("access").resolve(key);
  }

  /** Where images that are not complete are served. */
  Path mount() {
    return root.resolve("mount");
  }

  Path mounted(String key) {
    return mount().resolve(key + SUFFIX);
  }

  boolean isLazy(String key) {
    return !Files.exists(erofs(key)) && Files.exists(lazy(key).origin());
  }

  boolean has(StoredImage image) {
    try {
      Path file = isLazy(image.key()) ? lazy(image.key()).image() : erofs(image.key());
      return Files.size(file) == image.sizeBytes();
    } catch (IOException e) {
      // Absent or unreadable: then it is not here.
      return false;
    }
  }

  /** Makes a finished file, forced to disk, the image of that key: at once and for good. */
  void publish(Path finished, String key) throws IOException {
    Files.move(finished, erofs(key), StandardCopyOption.ATOMIC_MOVE);
    force(root.resolve("erofs"));
  }

  /** Makes a finished folder the lazy image of that key. */
  void publishLazy(Path finished, String key) throws IOException {
    if (Files.exists(lazy(key).path())) {
      deleteTree(lazy(key).path());
    }
    Files.move(finished, lazy(key).path(), StandardCopyOption.ATOMIC_MOVE);
    force(lazy());
  }

  /** Makes a lazy image whose content is all here, and on disk, one like any other. */
  void complete(String key) throws IOException {
    publish(lazy(key).image(), key);
    deleteTree(lazy(key).path());
  }

  /** Forces a file or folder to disk. */
  static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  void delete(String key) throws IOException {
    Files.deleteIfExists(erofs(key));
    if (Files.exists(lazy(key).path())) {
      deleteTree(lazy(key).path());
    }
  }

  /** Removes images that no index entry names. */
  void deleteAllBut(List<String> keys) throws IOException {
    try (Stream<Path> folders = Files.list(lazy())) {
      for (Path lazy : folders.toList()) {
        if (!keys.contains(String.valueOf(lazy.getFileName()))) {
          deleteTree(lazy);
        }
      }
    }
    try (Stream<Path> files = Files.list(root.resolve("erofs"))) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        if (!name.endsWith(SUFFIX)
            || !keys.contains(name.substring(0, name.length() - SUFFIX.length()))) {
          Files.delete(file);
        }
      }
    }
  }

  /** A folder for one piece of work, removed with all in it when closed. */
  Work work() throws IOException {
    return new Work(Files.createTempDirectory(root.resolve("tmp"), "work"));
  }

  record Work(Path folder) implements Closeable {
    @Override
    public void close() throws IOException {
      deleteTree(folder);
    }
  }

  static void deleteTree(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
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
        });
  }
}
