package dev.skep.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * An image whose content is not all here: the file, with holes where content is missing, and what
 * is needed to fill it. Complete, the file is what a full pull would have written.
 */
record LazyFolder(Path path) {
  Path image() {
    return path.resolve("image");
  }

  Path chunks() {
    return path.resolve("chunks");
  }

  Path names() {
    return path.resolve("names");
  }

  /** The files, and the folder itself. */
  List<Path> all() {
    return List.of(image(), chunks(), names(), origin(), path);
  }

  Path origin() {
    return path.resolve("origin.json");
  }

  LazyOrigin readOrigin() throws IOException {
    try {
      LazyOrigin origin = Json.MAPPER.readValue(Files.readAllBytes(origin()), LazyOrigin.class);
      if (origin.version() != LazyOrigin.VERSION) {
        throw new IOException(origin() + ": version " + origin.version() + ", expected 1");
      }
      return origin;
    } catch (JacksonException e) {
      throw new IOException(origin() + ": " + e.getOriginalMessage(), e);
    }
  }
}
