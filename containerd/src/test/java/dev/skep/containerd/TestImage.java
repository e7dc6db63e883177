package dev.skep.containerd;

import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** An EROFS image with one static program, {@code /kit}, built once per run of the tests. */
final class TestImage {
  private static final Path TARGET = Path.of("target", "test-image").toAbsolutePath();

  private TestImage() {}

  static synchronized Path erofs() {
    Path image = TARGET.resolve("kit.erofs");
    if (!Files.exists(image)) {
      build(image);
    }
    return image;
  }

  private static void build(Path image) {
    try {
      Path root = Files.createDirectories(TARGET.resolve("root"));
      for (String folder : List.of("dev", "proc", "sys", "tmp", "etc")) {
        Files.createDirectories(root.resolve(folder));
      }
      Files.writeString(root.resolve("etc/passwd"), "root:x:0:0::/:/kit\nweb:x:33:33::/:/kit\n");
      Files.writeString(root.resolve("etc/machine-id"), "");
      run(
          "cc",
          "-O2",
          "-static",
          "-s",
          "-o",
          root.resolve("kit").toString(),
          "../microvm/src/test/c/kit.c");
      run("mkfs.erofs", "-T0", image.toString(), root.toString());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void run(String... argv) {
    Command.Result result =
        Command.of(argv).tryRun().orElseGet(() -> Assumptions.abort(argv[0] + ": not installed"));
    if (result.exitCode() != 0) {
      throw new AssertionError(String.join(" ", argv) + ": " + result.output());
    }
  }
}
