package dev.skep.gvisor;

import dev.skep.linux.Command;
import dev.skep.testkit.SandboxTestKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * An EROFS image as Skep writes them (data of files in blocks of their own, uncompressed), with the
 * programs with which microVMs are tested: {@code /kit} and {@code /bin/inspect}.
 */
final class TestImages {
  private static final Path TARGET = Path.of("target", "test-image").toAbsolutePath();
  private static final Path MICROVM = Path.of("..", "microvm", "src", "test", "c");
  private static @Nullable Path built;

  private TestImages() {}

  /** Built once for each run of the tests: it takes a second, and is never stale. */
  static synchronized Path erofs() {
    if (built == null) {
      built = build();
    }
    return built;
  }

  private static Path build() {
    try {
      Path root = Files.createDirectories(TARGET.resolve("root"));
      for (String folder : List.of("bin", "dev", "proc", "sys", "etc/skep")) {
        Files.createDirectories(root.resolve(folder));
      }
      Files.writeString(
          root.resolve("etc/passwd"), "root:x:0:0::/root:/x\napp:x:1000:1001::/home/app:/x\n");
      Files.writeString(root.resolve("etc/group"), "root:x:0:\nwheel:x:10:root,app\nown:x:1001:\n");
      Files.writeString(root.resolve("etc/machine-id"), "");
      Path link = root.resolve("escape");
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, Path.of(SandboxTestKit.ESCAPE));
      compile(MICROVM.resolve("kit.c"), root.resolve("kit"));
      compile(MICROVM.resolve("inspect.c"), root.resolve("bin/inspect"));
      compile(Path.of("src", "test", "c", "restored.c"), root.resolve("etc/skep/restored"));
      Path image = TARGET.resolve("test.erofs");
      Files.deleteIfExists(image);
      run("mkfs.erofs", "-T0", "-Enoinline_data", image.toString(), root.toString());
      return image;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void compile(Path source, Path program) {
    run("cc", "-O1", "-static", "-s", "-o", program.toString(), source.toString());
  }

  private static void run(String... argv) {
    Command.Result result =
        Command.of(argv).tryRun().orElseGet(() -> Assumptions.abort(argv[0] + ": not installed"));
    if (result.exitCode() != 0) {
      throw new AssertionError(String.join(" ", argv) + ": " + result.output());
    }
  }
}
