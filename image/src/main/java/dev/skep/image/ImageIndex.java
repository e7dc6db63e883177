package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * Which images are here and how they are called, in one file that is replaced as a whole. Not
 * thread-safe.
 */
final class ImageIndex {
  private static final int VERSION = 1;

  private record Document(int version, List<StoredImage> images) {}

  private final Path file;
  private List<StoredImage> images;

  private ImageIndex(Path file, List<StoredImage> images) {
    this.file = file;
    this.images = List.copyOf(images);
  }

  static ImageIndex open(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new ImageIndex(file, List.of());
    }
    try {
      Document document = Json.MAPPER.readValue(Files.readAllBytes(file), Document.class);
      if (document.version != VERSION) {
        throw unreadable(file, "version " + document.version + ", expected " + VERSION, null);
      }
      return new ImageIndex(file, document.images);
    } catch (JacksonException e) {
      throw unreadable(file, e.getOriginalMessage(), e);
    }
  }

  private static SkepException unreadable(
      Path file, String why, @org.jspecify.annotations.Nullable Exception cause) {
    return new SkepException(
        SkepException.Code.INTERNAL,
        "image index %s: %s; remove it to begin with no images".formatted(file, why),
        cause);
  }

  List<StoredImage> all() {
    return images;
  }

  Optional<StoredImage> named(String name) {
    return images.stream()
        .filter(i -> i.references().contains(name) || i.digest().equals(name))
        .findFirst();
  }

  boolean uses(String key) {
    return images.stream().anyMatch(i -> i.key().equals(key));
  }

  /** Adds an image, or names to one; names of others that it takes over leave those. */
  StoredImage add(StoredImage added) throws IOException {
    List<StoredImage> next = new ArrayList<>();
    StoredImage merged = added;
    for (StoredImage image : images) {
      if (image.digest().equals(added.digest()) && image.key().equals(added.key())) {
        List<String> names = new ArrayList<>(image.references());
        added.references().stream().filter(n -> !names.contains(n)).forEach(names::add);
        merged = image.withReferences(names);
      } else {
        List<String> left =
            image.references().stream().filter(n -> !added.references().contains(n)).toList();
        next.add(image.withReferences(left));
      }
    }
    next.removeIf(image -> image.references().isEmpty());
    next.add(merged);
    replace(next);
    return merged;
  }

  /** Takes names away; an image without a name is gone. */
  void remove(StoredImage image, List<String> names) throws IOException {
    List<StoredImage> next = new ArrayList<>(images);
    next.remove(image);
    List<String> left = image.references().stream().filter(n -> !names.contains(n)).toList();
    if (!left.isEmpty()) {
      next.add(image.withReferences(left));
    }
    replace(next);
  }

  void retain(List<StoredImage> kept) throws IOException {
    if (kept.size() != images.size()) {
      replace(kept);
    }
  }

  private void replace(List<StoredImage> next) throws IOException {
    byte[] document =
        Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(new Document(VERSION, next));
    Path written = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            written,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(document);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(written);
      throw e;
    }
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    images = List.copyOf(next);
  }
}
