package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "down",
    description =
        "Drain and stop the daemon, and stop all instances; nothing but the state folder stays.")
final class Down extends SkepCommand {
  @Option(
      names = "--keep-sandboxes",
      description = "Leave the instances running; the next 'skep up' takes them over.")
  boolean keepSandboxes;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description =
          "How long the daemon may drain before it is killed (default: ${DEFAULT-VALUE}).")
  String timeout = "60s";

  Down(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    Duration patience = Times.parse(timeout);
    Optional<ProcessHandle> daemon = DaemonProcess.find(state());
    if (daemon.isPresent()) {
      stop(daemon.get(), patience);
    }
    boolean swept = !keepSandboxes && hasSandboxes();
    if (swept) {
      terminal().progress("stopping instances");
      int code = Launcher.run(List.of("daemon", "--state", state().toString(), "--stop-sandboxes"));
      if (code != 0) {
        return code;
      }
    }
    terminal()
        .note(
            daemon.isPresent()
                ? "stopped, pid " + daemon.get().pid()
                : "no daemon was running" + (swept ? "; what it had left is removed" : ""));
    return ExitCodes.OK;
  }

  private void stop(ProcessHandle daemon, Duration patience)
      throws InterruptedException, ExecutionException {
    terminal().progress("draining");
    if (!daemon.destroy()) {
      throw new SkepException(
          Code.FORBIDDEN, "pid " + daemon.pid() + ": may not be stopped by this user (try sudo)");
    }
    try {
      daemon.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      terminal().note("not drained after " + timeout + ": killed");
      daemon.destroyForcibly();
      daemon.onExit().join();
    }
  }

  private boolean hasSandboxes() throws IOException {
    Path folder = state().resolve("sandboxes");
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isPresent();
    }
  }
}
