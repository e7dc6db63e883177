package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Says what a disk did not do. */
final class DiskFailure {
  private DiskFailure() {}

  static SkepException of(Path path, IOException cause) {
    String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (message.contains("no space left") || message.contains("quota exceeded")) {
      return new SkepException(
          Code.EXHAUSTED,
          "disk full: %s has %s left; free some space, or remove snapshots with 'skep snapshot rm'"
              .formatted(path, free(path)),
          cause);
    }
    return new SkepException(
        Code.INTERNAL, "snapshot files in %s: %s".formatted(path, cause), cause);
  }

  private static String free(Path path) {
    try {
      return (Files.getFileStore(path).getUsableSpace() >> 20) + " MiB";
    } catch (IOException e) {
      return "an unknown number of MiB (" + e.getMessage() + ")";
    }
  }
}
