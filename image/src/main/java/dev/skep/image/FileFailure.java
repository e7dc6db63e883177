package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Says what a disk did not do. */
final class FileFailure {
  private FileFailure() {}

  static SkepException of(Path folder, IOException cause) {
    if (isFull(cause)) {
      return new SkepException(
          SkepException.Code.EXHAUSTED,
          "disk full: %s has %s left; free some space, or remove images with 'skep image rm'"
              .formatted(folder, free(folder)),
          cause);
    }
    return new SkepException(
        SkepException.Code.INTERNAL,
        "reading or writing image files in %s failed: %s".formatted(folder, cause),
        cause);
  }

  static boolean isFull(IOException cause) {
    String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("no space left") || message.contains("quota exceeded");
  }

  private static String free(Path folder) {
    try {
      return (Files.getFileStore(folder).getUsableSpace() >> 20) + " MiB";
    } catch (IOException e) {
      return "an unknown number of MiB (" + e.getMessage() + ")";
    }
  }
}
