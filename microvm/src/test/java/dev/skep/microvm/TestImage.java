package dev.skep.microvm;

import dev.skep.linux.Command;
import dev.skep.testkit.SandboxTestKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** An EROFS image with one static program, {@code /kit}, built once per run of the tests. */
final class TestImage {
  private static final Path TARGET = Path.of("target", "test-image").toAbsolutePath();

  private static boolean built;

  private TestImage() {}

  /** Never stale: an earlier run's may be of other sources. */
  static synchronized Path erofs() {
    Path image = TARGET.resolve("kit.erofs");
    if (!built) {
      build(image);
      built = true;
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
      Path link = root.resolve("escape");
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, Path.of(SandboxTestKit.ESCAPE));
      Files.deleteIfExists(image);
      run("cc", "-O2", "-static", "-s", "-o", root.resolve("kit").toString(), "src/test/c/kit.c");
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
