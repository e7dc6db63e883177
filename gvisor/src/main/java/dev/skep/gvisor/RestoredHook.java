package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.RootFiles;
import dev.skep.sandbox.ExecResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** A program of the image that is run in each clone before its first request. */
final class RestoredHook {
  private static final String PATH = "/etc/skep/restored";
  private static final int EXECUTE = 0111;

  private RestoredHook() {}

  static boolean isIn(RootFiles image) {
    return image
        .find(PATH)
        .filter(file -> !file.isDirectory() && (file.permissions() & EXECUTE) != 0)
        .isPresent();
  }

  /**
   * @throws SkepException UNAVAILABLE if it does not exit with 0
   */
  static void run(Container container, Duration limit) {
    ExecResult result = container.exec(List.of(PATH), limit);
    if (result.exitCode() != 0) {
      throw new SkepException(
          Code.UNAVAILABLE,
          PATH
              + " of the image: exit code "
              + result.exitCode()
              + ": "
              + new String(result.stderr(), StandardCharsets.UTF_8).strip());
    }
  }
}
