package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Runs the real {@code ./skep} on a state folder of its own, without building. */
record SkepScript(Path root, Path state, int gatewayPort, int apiPort) {
  /** What one command did. */
  record Result(int code, String out, String err) {
    Json json() {
      return JsonText.read(out);
    }
  }

  /** On a folder of its own; aborts the test, with the reason, where it can make no sandboxes. */
  static SkepScript inNewFolder() throws IOException {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "needs root: namespaces, taps, cgroups");
    return in(Files.createTempDirectory(Path.of("/tmp"), "skep-it"));
  }

  /** Aborts the test, with the reason, where the script or its build is not there. */
  static SkepScript in(Path state) {
    Path root = Path.of("").toAbsolutePath();
    while (root != null && !Files.isExecutable(root.resolve("skep"))) {
      root = root.getParent();
    }
    if (root == null || !Files.exists(root.resolve("target/dist/stamp"))) {
      return Assumptions.abort("skep is not built: run ./skep version first");
    }
    return new SkepScript(root, state, freePort(), freePort());
  }

  Result up() {
    return run(
        "up",
        "--gateway-port",
        Integer.toString(gatewayPort),
        "--api-port",
        Integer.toString(apiPort));
  }

  /** As {@link #run}, and it must have worked. */
  Result succeed(String... args) {
    return succeeded(run(args));
  }

  /** It must have worked. */
  static Result succeeded(Result result) {
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    return result;
  }

  /** The root file system of an example as a tar; aborts the test where it cannot be built. */
  String example(String name) {
    Result built = execute(List.of("examples/build", name));
    Assumptions.assumeTrue(built.code() == 0, "examples/build " + name + ": " + built.err());
    return built.out().strip().split(" ", 2)[1];
  }

  /** Ends the daemon and removes its folder. */
  void down() throws IOException {
    run("down");
    try (Stream<Path> files = Files.walk(state)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }

  Result run(String... args) {
    var command = new ArrayList<String>();
    command.add(root.resolve("skep").toString());
    command.addAll(List.of(args));
    return execute(command);
  }

  /** A program that is not skep, in the same environment. */
  Result execute(List<String> command) {
    try {
      Path out = Files.createTempFile("skep-it", ".out");
      Path err = Files.createTempFile("skep-it", ".err");
      var builder =
          new ProcessBuilder(command)
              .directory(root.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().put("SKEP_NO_BUILD", "1");
      builder.environment().put("SKEP_HOME", state.toString());
      Process process = builder.start();
      if (!process.waitFor(180, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " did not end within 180 s: " + Files.readString(err));
      }
      var result =
          new Result(
              process.exitValue(),
              Files.readString(out, StandardCharsets.UTF_8),
              Files.readString(err, StandardCharsets.UTF_8));
      Files.delete(out);
      Files.delete(err);
      return result;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
