package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One QEMU process. */
final class QemuVm implements Vm {
  private static final Duration ANSWER = Duration.ofSeconds(5);

  /** A busy host may take long, and longer than this no pager lets a guest wait for its memory. */
  private static final Duration LOAD = Duration.ofSeconds(40);

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
    // not only as "paused": a daemon may have died while it saved the machine
    return !Qmp.execute(monitor(), "query-status", ANSWER).path("running").asBoolean(true);
  }

  @Override
  public Duration save(Path folder) {
    return new QemuSave(this, proc(), monitor()).into(folder);
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

  /**
   * Loads the state and waits until it is there.
   *
   * @param descriptor of QEMU, open on the state's file
   */
  void load(int descriptor) {
    try {
      Qmp.converse(
          monitor(),
          LOAD,
          process::isAlive,
          qemu -> {
            qemu.ask("migrate-set-capabilities", QemuSave.withoutMemory());
            qemu.ask("migrate-incoming", Qmp.arguments().put("uri", "fd:" + descriptor));
            return awaitState(qemu);
          });
    } catch (SkepException e) {
      throw new SkepException(
          Code.INVALID,
          "the state was not loaded: " + lastWords(String.valueOf(e.getMessage())),
          e);
    }
  }

  private static boolean awaitState(Qmp qemu) throws IOException {
    while (qemu.ask("query-status", Qmp.arguments())
        .path("status")
        .asString("")
        .equals("inmigrate")) {
      QemuSave.pause();
    }
    return true;
  }

  private Path proc() {
    return Path.of("/proc", Long.toString(process.pid()));
  }

  /** By way of the process: the folder's own path may be longer than a socket's may be. */
  private Path monitor() {
    return proc().resolve("cwd").resolve(QemuCommandLine.MONITOR);
  }

  static String reason(int exitCode, Path log) {
    if (exitCode > 128) {
      return "VMM killed by signal " + (exitCode - 128);
    }
    String words = lastLine(log);
    if (exitCode != 0) {
      return "VMM ended with exit code " + exitCode + (words.isEmpty() ? "" : ": " + words);
    }
    return "the guest ended";
  }

  private static String lastLine(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return lines.isEmpty() ? "" : lines.getLast();
    } catch (IOException e) {
      return "";
    }
  }
}
