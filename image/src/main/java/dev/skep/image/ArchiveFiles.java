package dev.skep.image;

import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The files of an uncompressed tar on this host, read in place. */
final class ArchiveFiles implements ContentFiles {
  private static final int MAX_FILES = 100_000;

  private record Place(long offset, long bytes) {}

  private final Path archive;
  private final Path tar;
  private final Map<String, Place> places = new HashMap<>();

  /** Old archives link layers that are the same. */
  private final Map<String, String> links = new HashMap<>();

  private ArchiveFiles(Path archive, Path tar) {
    this.archive = archive;
    this.tar = tar;
  }

  /**
   * Opens an archive; a compressed one is uncompressed into the folder first.
   *
   * @param work for the uncompressed copy, which the caller removes
   */
  static ArchiveFiles open(Path archive, Path work) throws IOException {
    Path tar = archive;
    try (BufferedInputStream in = new BufferedInputStream(Files.newInputStream(archive))) {
      Compression compression = Compression.of(in);
      if (compression != Compression.NONE) {
        tar = work.resolve("archive.tar");
        try (InputStream plain = compression.decompress(in)) {
          Files.copy(plain, tar);
        }
      }
    }
    ArchiveFiles files = new ArchiveFiles(archive, tar);
    files.index();
    return files;
  }

  private void index() throws IOException {
    try (InputStream in = new FileInputStream(tar.toFile())) {
      TarReader reader = new TarReader(in);
      TarEntry entry = reader.next();
      while (entry != null) {
        String name = clean(entry.name());
        switch (entry.type()) {
          case REGULAR -> places.put(name, new Place(reader.position(), entry.size()));
          case SYMLINK, HARD_LINK -> links.put(name, target(name, entry));
          default -> {}
        }
        if (places.size() + links.size() > MAX_FILES) {
          throw Invalid.image(name() + ": more than " + MAX_FILES + " files: not an image archive");
        }
        entry = reader.next();
      }
    }
  }

  private static String clean(byte[] name) {
    return Path.of("/" + new String(name, StandardCharsets.UTF_8)).normalize().toString();
  }

  private static String target(String name, TarEntry entry) {
    String target = new String(entry.linkName(), StandardCharsets.UTF_8);
    Path from = entry.type() == TarEntry.Type.SYMLINK ? Path.of(name).getParent() : Path.of("/");
    return Path.of("/").resolve(from + "/" + target).normalize().toString();
  }

  @Override
  public String name() {
    return archive.toString();
  }

  @Override
  public Optional<Long> size(String path) {
    return Optional.ofNullable(place(path)).map(Place::bytes);
  }

  private @Nullable Place place(String path) {
    String clean = clean(path.getBytes(StandardCharsets.UTF_8));
    return places.get(links.getOrDefault(clean, clean));
  }

  @Override
  public InputStream open(String path) throws IOException {
    Place place = place(path);
    if (place == null) {
      throw missing(path);
    }
    InputStream in = new FileInputStream(tar.toFile());
    try {
      in.skipNBytes(place.offset);
      return new BoundedStream(in, place.bytes);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
