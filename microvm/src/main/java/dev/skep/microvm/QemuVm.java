package dev.skep.microvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One QEMU process. */
final class QemuVm implements Vm {
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private final ProcessHandle process;
  private final CompletableFuture<String> exit;

  QemuVm(ProcessHandle process, CompletableFuture<String> exit) {
    this.process = process;
    this.exit = exit;
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public void pause() {
    Qmp.execute(monitor(), "stop", ANSWER);
  }

  @Override
  public void resume() {
    Qmp.execute(monitor(), "cont", ANSWER);
  }

  @Override
  public boolean paused() {
    String status = Qmp.execute(monitor(), "query-status", ANSWER).path("status").asString("");
    return status.equals("paused");
  }

  @Override
  public void kill() {
    if (!exit.isDone()) {
      process.destroyForcibly();
    }
  }

  @Override
  public CompletableFuture<String> onExit() {
    return exit;
  }

  /** By way of the process: the folder's own path may be longer than a socket's may be. */
  private Path monitor() {
    return Path.of("/proc", Long.toString(process.pid()), "cwd", QemuCommandLine.MONITOR);
  }

  static String reason(int exitCode, Path log) {
    if (exitCode > 128) {
      return "VMM killed by signal " + (exitCode - 128);
    }
    String words = lastWords(log);
    if (exitCode != 0) {
      return "VMM ended with exit code " + exitCode + (words.isEmpty() ? "" : ": " + words);
    }
    return "the guest ended";
  }

  private static String lastWords(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return lines.isEmpty() ? "" : lines.getLast();
    } catch (IOException e) {
      return "";
    }
  }
}
