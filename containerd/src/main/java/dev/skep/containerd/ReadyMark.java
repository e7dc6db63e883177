package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.SandboxFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** In the folder of each sandbox that was ready once: the next daemon adopts those only. */
final class ReadyMark {
  private ReadyMark() {}

  static void set(SandboxFolder folder) {
    try {
      Files.createFile(file(folder));
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, file(folder) + ": cannot be made: " + e, e);
    }
  }

  static boolean isSet(SandboxFolder folder) {
    return Files.exists(file(folder));
  }

  private static Path file(SandboxFolder folder) {
    return folder.path().resolve("ready");
  }
}
