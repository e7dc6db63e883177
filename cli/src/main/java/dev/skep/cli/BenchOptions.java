package dev.skep.cli;

import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What options of benchmarks may be; all refusals are INVALID and name found and expected. */
final class BenchOptions {
  private BenchOptions() {}

  /**
   * Refuses a name that is not in a list.
   *
   * @param what the names stand for: {@code plan}
   */
  static void known(String what, List<String> names, List<String> known) {
    for (String name : names) {
      if (!known.contains(name)) {
        throw new SkepException(
            Code.INVALID,
            "%s '%s' (expected: %s)%s"
                .formatted(what, name, String.join(", ", known), Nearest.hint(name, known)));
      }
    }
  }

  static void atLeast(String option, int found, int least) {
    if (found < least) {
      throw new SkepException(
          Code.INVALID, "%s %d (expected: at least %d)".formatted(option, found, least));
    }
  }

  /** The folder that an option names, made if need be. */
  static Path folder(String option, Path folder) {
    try {
      return Files.createDirectories(folder.toAbsolutePath());
    } catch (IOException e) {
      throw new SkepException(
          Code.INVALID,
          "%s %s: cannot be made (%s: %s)"
              .formatted(option, folder, e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }
}
