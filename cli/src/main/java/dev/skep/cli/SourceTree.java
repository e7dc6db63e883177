package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

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

  /**
   * A runsc that is not installed, for demonstrations and benchmarks; empty, with the reason on
   * standard error, where none can be had.
   */
  static Optional<Path> runsc() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(root().resolve("testbed/runsc").toString(), "debian")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String path = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? Optional.of(Path.of(path.strip())) : Optional.empty();
  }
}
