package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

final class Up extends SkepCommand {
  private static final int SHOWN_LINES = 20;

  private final DaemonOptions options = new DaemonOptions();
  private final OptionSpec timeout =
      OptionSpec.builder("--timeout")
          .type(String.class)
          .paramLabel("TIME")
          .description("How long to wait (default: ${DEFAULT-VALUE}).")
          .defaultValue("60s")
          .build();

  Up(Globals globals) {
    super(globals);
  }

  CommandSpec spec() {
    CommandSpec spec = spec("up", "Start the daemon in the background and wait until it serves.");
    options.specs().forEach(spec::addOption);
    return spec.addOption(timeout);
  }

  @Override
  int run() throws Exception {
    Duration patience = Times.parse(timeout.getValue());
    long began = System.nanoTime();
    Optional<ProcessHandle> running = DaemonProcess.find(state());
    if (running.isPresent()) {
      terminal().note("already running, pid " + running.get().pid());
      try (ApiClient api = api()) {
        return StatusCommand.print(this, api.get(ApiClient.SKEP + "/status"));
      }
    }
    Path output = outputFile();
    Process waiting = start(output);
    awaitReady(waiting, output, patience);
    terminal()
        .note("ready after " + Times.precise(System.nanoTime() - began) + ", pid " + pid(waiting));
    letGo(waiting);
    try (ApiClient api = api()) {
      return StatusCommand.print(this, api.get(ApiClient.SKEP + "/status"));
    }
  }

  private Path outputFile() throws IOException {
    try {
      return Files.createDirectories(state().resolve("log")).resolve("skepd.out");
    } catch (java.nio.file.AccessDeniedException e) {
      throw new SkepException(
          Code.FORBIDDEN,
          state()
              + ": may not be made or written (run as root, or name another folder with --state)",
          e);
    }
  }

  /**
   * In a session of its own, so that neither a closed terminal nor Ctrl-C reaches it. Gives a
   * process that waits for the daemon and ends with its exit code.
   */
  private Process start(Path output) throws IOException {
    var command = new ArrayList<>(List.of("setsid", "--fork", "--wait"));
    command.addAll(Launcher.command(options.arguments(state())));
    return new ProcessBuilder(command)
        .directory(state().toFile())
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectOutput(output.toFile())
        .redirectErrorStream(true)
        .start();
  }

  /** Ends the process that waits: a JVM that exits waits 300 ms for a thread that has a child. */
  private static void letGo(Process waiting) throws InterruptedException {
    waiting.destroy();
    waiting.waitFor();
  }

  private static String pid(Process waiting) {
    return waiting.children().findFirst().map(daemon -> "" + daemon.pid()).orElse("unknown");
  }

  private void awaitReady(Process waiting, Path output, Duration patience)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    try (ApiClient api = api()) {
      while (!api.ready()) {
        if (!waiting.isAlive()) {
          tail(output).forEach(terminal()::note);
          throw new SkepException(
              waiting.exitValue() == 75 ? Code.ALREADY_EXISTS : Code.INTERNAL,
              "the daemon ended with exit code "
                  + waiting.exitValue()
                  + " (its output: "
                  + output
                  + ")");
        }
        if (System.nanoTime() > deadline) {
          tail(output).forEach(terminal()::note);
          throw new SkepException(
              Code.TIMEOUT,
              "the daemon does not serve after "
                  + timeout.<String>getValue()
                  + ", pid "
                  + pid(waiting)
                  + " (its log: "
                  + state().resolve("log")
                  + ")");
        }
        terminal().progress("starting the daemon");
        Thread.sleep(20); // more often would slow the start itself
      }
    }
    terminal().clearProgress();
  }

  private static List<String> tail(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    return lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size());
  }
}
