package dev.skep.image;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** An image as the index keeps it: nothing in it depends on where the store lies. */
record StoredImage(
    List<String> references,
    String digest,
    String key,
    long sizeBytes,
    ImageConfig config,
    Instant createdAt) {
  StoredImage {
    references = List.copyOf(references);
  }

  StoredImage withReferences(List<String> names) {
    return new StoredImage(names, digest, key, sizeBytes, config, createdAt);
  }

  Image at(Path erofs) {
    return new Image(references, digest, key, erofs, sizeBytes, config, createdAt);
  }
}
