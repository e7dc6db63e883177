package dev.skep.daemon;

import dev.skep.api.SkepException;
import dev.skep.image.ImageConverter;
import java.nio.file.Path;
import java.util.Optional;

/**
 * {@code skep image convert} and {@code optimize}: {@code SOURCE TARGET NAME LIST}, which may be
 * empty.
 */
public final class ConvertProgram {
  private ConvertProgram() {}

  /** Exit code 1: failed. */
  public static void main(String[] args) {
    try {
      ImageConverter.convert(
          Path.of(args[0]),
          Path.of(args[1]),
          args[2],
          Optional.of(args[3]).filter(list -> !list.isEmpty()).map(Path::of));
    } catch (SkepException e) {
      System.err.println("skep: " + e.getMessage());
      System.exit(1);
    }
  }
}
