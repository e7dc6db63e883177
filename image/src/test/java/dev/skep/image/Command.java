package dev.skep.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Runs the tools that tests compare with; each has two minutes. */
final class Command {
  private Command() {}

  /** Skips the test where a tool is missing or the user is not root. */
  static void needRootAnd(String... tools) {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    for (String tool : tools) {
      boolean there =
          List.of("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/").stream()
              .anyMatch(folder -> Files.isExecutable(Path.of(folder + tool)));
      Assumptions.assumeTrue(there, "needs the tool " + tool);
    }
  }

  /** Runs a script of bash with arguments; its standard output. Fails the test if it fails. */
  static String bash(String script, Object... arguments) {
    try {
      Path output = Files.createTempFile("command", ".out");
      try {
        ProcessBuilder builder = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script, "-");
        for (Object argument : arguments) {
          builder.command().add(argument.toString());
        }
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
        if (!ended || process.exitValue() != 0) {
          process.destroyForcibly();
          throw new AssertionError((ended ? "failed: " : "timed out: ") + script + "\n" + text);
        }
        return text;
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
