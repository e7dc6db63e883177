package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The folder of Skep's sources: examples and host set-up are there. */
final class SourceTree {
  private SourceTree() {}

  static Path root() throws IOException {
    String launcher = Launcher.command(List.of()).getFirst();
    return Objects.requireNonNull(Path.of(launcher).toRealPath().getParent());
  }

  /** Installs what microVMs need and this host lacks, where it may, and says so by itself. */
  static boolean prepareHost() throws IOException, InterruptedException {
    int status =
        new ProcessBuilder(root().resolve("testbed/host").toString())
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
            .waitFor();
    if (status != 0) {
      throw new SkepException(
          Code.UNSUPPORTED, "this host lacks what microVMs need (the list is above)");
    }
    return true;
  }
}
