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
    return prepare("host", "microVMs need");
  }

  /** The same for a registry and the link to it. */
  static boolean prepareRegistry() throws IOException, InterruptedException {
    return prepare("registry", "a registry needs");
  }

  private static boolean prepare(String script, String what)
      throws IOException, InterruptedException {
    int status =
        new ProcessBuilder(root().resolve("testbed").resolve(script).toString())
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
            .waitFor();
    if (status != 0) {
      throw new SkepException(
          Code.UNSUPPORTED, "this host lacks what " + what + " (the list is above)");
    }
    return true;
  }

  /** Installs runsc where that can be done; whether it did. Says by itself what and why. */
  static boolean installRunsc() throws IOException, InterruptedException {
    return new ProcessBuilder(root().resolve("testbed/runsc").toString(), "install")
            .redirectOutput(ProcessBuilder.Redirect.to(Path.of("/dev/stderr").toFile()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
            .waitFor()
        == 0;
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
