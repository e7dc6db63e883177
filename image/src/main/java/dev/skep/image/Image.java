package dev.skep.image;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * An image that is on this host, ready to run.
 *
 * @param references names under which it was pulled or imported
 * @param digest of the manifest that was resolved, {@code sha256:...}
 * @param key of the file system: digest of the layers' diff ids and the format's version; names the
 *     EROFS file
 * @param erofs the whole root file system, read-only
 */
public record Image(
    List<String> references,
    String digest,
    String key,
    Path erofs,
    long sizeBytes,
    ImageConfig config,
    Instant createdAt) {
  public Image {
    references = List.copyOf(references);
  }
}
