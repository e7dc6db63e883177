package dev.skep.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** The files of a folder on this host. */
record FolderFiles(Path folder) implements ContentFiles {
  @Override
  public String name() {
    return folder.toString();
  }

  @Override
  public Optional<Long> size(String path) throws IOException {
    Path file = resolve(path);
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(Files.size(file))
        : Optional.empty();
  }

  @Override
  public InputStream open(String path) throws IOException {
    return Files.newInputStream(resolve(path), LinkOption.NOFOLLOW_LINKS);
  }

  private Path resolve(String path) {
    Path root = folder.normalize();
    Path file = root.resolve(path).normalize();
    if (!file.startsWith(root)) {
      throw Invalid.image(name() + ": path " + Printable.of(path) + " leads out of the folder");
    }
    return file;
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
