package dev.skep.containerd;

import dev.skep.linux.Command;
import dev.skep.testkit.SandboxTestKit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/**
 * EROFS images with one static program each, built once per run of the tests from the sources that
 * guests of microVMs run too.
 */
final class TestImage {
  private static final Path TARGET = Path.of("target", "test-image").toAbsolutePath();

  private static final Set<Path> BUILT = new HashSet<>();

  private TestImage() {}

  /** With {@code /kit}. */
  static Path erofs() {
    return image(
        "kit",
        "kit",
        Map.of("passwd", "root:x:0:0::/:/kit\nweb:x:33:33::/:/kit\n", "machine-id", ""));
  }

  /** With {@code /bin/inspect} and accounts. */
  static Path inspect() {
    return image(
        "inspect",
        "bin/inspect",
        Map.of(
            "passwd", "root:x:0:0::/root:/x\napp:x:1000:1001::/home/app:/x\n",
            "group", "root:x:0:\nwheel:x:10:root,app\nown:x:1001:\nextra:x:2000:app\n",
            "machine-id", ""));
  }

  private static synchronized Path image(String name, String program, Map<String, String> etc) {
    Path image = TARGET.resolve(name + ".erofs");
    if (BUILT.add(image)) { // an earlier run's may be of other sources
      try {
        build(image, TARGET.resolve(name), program, etc);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    return image;
  }

  private static void build(Path image, Path root, String program, Map<String, String> etc)
      throws IOException {
    for (String folder : List.of("dev", "proc", "sys", "tmp", "etc", "bin")) {
      Files.createDirectories(root.resolve(folder));
    }
    for (Map.Entry<String, String> file : etc.entrySet()) {
      Files.writeString(root.resolve("etc").resolve(file.getKey()), file.getValue());
    }
    Path link = root.resolve("escape");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, Path.of(SandboxTestKit.ESCAPE));
    Files.deleteIfExists(image);
    Path target = root.resolve(program);
    String source = "../microvm/src/test/c/" + target.getFileName() + ".c";
    run("cc", "-O1", "-static", "-s", "-o", target.toString(), source);
    run("mkfs.erofs", "-T0", image.toString(), root.toString());
  }

  private static void run(String... argv) {
    Command.Result result =
        Command.of(argv).tryRun().orElseGet(() -> Assumptions.abort(argv[0] + ": not installed"));
    if (result.exitCode() != 0) {
      throw new AssertionError(String.join(" ", argv) + ": " + result.output());
    }
  }
}
