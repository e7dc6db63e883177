package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.FuseMount;
import dev.skep.linux.Mounts;
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

  private static final Duration LAZY_PATIENCE = Duration.ofSeconds(5);

  Down(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    Duration patience = Times.parse(timeout);
    Optional<ProcessHandle> daemon = DaemonProcess.find(state());
    boolean clean = daemon.isPresent() && stop(daemon.get(), patience);
    boolean left = clean ? hasSandboxes() : Files.exists(state().resolve("sandboxes"));
    if (left && !keepSandboxes) {
      terminal().progress("stopping instances");
      int code = Launcher.run(List.of("daemon", "--state", state().toString(), "--stop-sandboxes"));
      if (code != 0) {
        return code;
      }
    }
    if (!keepSandboxes) {
      stopLazyImages();
      Mounts.detachAll(state().resolve("volumes"));
    }
    terminal()
        .note(
            daemon.map(process -> "stopped, pid " + process.pid()).orElse("no daemon was running"));
    return ExitCodes.OK;
  }

  /** The process that serves images which are not all here; what is missing comes with the next. */
  private void stopLazyImages() throws IOException {
    String folder = state().resolve("images").toString();
    for (String found : DemoCensus.processes(state())) {
      if (found.contains(".LazyProgram " + folder)) {
        ProcessHandle.of(Long.parseLong(found.split(" ", 2)[0])).ifPresent(Down::end);
      }
    }
    FuseMount.detach(state().resolve("images").resolve("mount"));
  }

  private static void end(ProcessHandle process) {
    process.destroy();
    process
        .onExit()
        .completeOnTimeout(process, LAZY_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .join();
    process.destroyForcibly();
  }

  /** Whether it ended by itself; one that was killed leaves more than its sandboxes. */
  private boolean stop(ProcessHandle daemon, Duration patience)
      throws InterruptedException, ExecutionException {
    terminal().progress("draining");
    if (!daemon.destroy()) {
      throw new SkepException(
          Code.FORBIDDEN, "pid " + daemon.pid() + ": may not be stopped by this user (try sudo)");
    }
    try {
      daemon.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      terminal().note("not drained after " + timeout + ": killed");
      daemon.destroyForcibly();
      daemon.onExit().join();
      return false;
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
