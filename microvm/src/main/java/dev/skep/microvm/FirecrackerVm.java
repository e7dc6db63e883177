package dev.skep.microvm;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** One Firecracker process. */
final class FirecrackerVm implements Vm {
  /** Of its socket, in its working folder. */
  static final String API = "api.sock";

  private static final Duration ANSWER = Duration.ofSeconds(5);

  /** All memory is written meanwhile, and forced to the disk: some gigabytes take their time. */
  private static final Duration SAVE = Duration.ofMinutes(2);

  private final ProcessHandle process;
  private final Path folder;
  private final CompletableFuture<String> exit;
  private final FirecrackerTimes times;

  FirecrackerVm(ProcessHandle process, Path folder, CompletableFuture<String> exit) {
    this.process = process;
    this.folder = folder;
    this.exit = exit;
    this.times = new FirecrackerTimes(this, folder);
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public void pause() {
    var _ = ask(ANSWER, api -> become(api, "Paused"));
  }

  @Override
  public void resume() {
    var _ = ask(ANSWER, api -> become(api, "Resumed"));
  }

  @Override
  public boolean paused() {
    return ask(ANSWER, api -> !api.get("/").path("state").asString("").equals("Running"));
  }

  @Override
  public Duration save(Path target) {
    Duration pause = new FirecrackerSave(this, folder, () -> Swap.nothingOf(pid())).into(target);
    times.log();
    return pause;
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

  /** By its own clock. */
  FirecrackerTimes times() {
    return times;
  }

  /** Something that is asked at any time. */
  <T> T ask(FirecrackerApi.Conversation<T> conversation) {
    return ask(ANSWER, conversation);
  }

  /** All that is said while it stands still. */
  <T> T whilePaused(FirecrackerApi.Conversation<T> conversation) {
    return ask(
        SAVE,
        api -> {
          become(api, "Paused");
          T result = conversation.with(api);
          become(api, "Resumed");
          return result;
        });
  }

  /** The first that is said to it: it may not listen yet. */
  <T> T configure(Duration timeout, FirecrackerApi.Conversation<T> conversation) {
    return FirecrackerApi.converse(api(), timeout, process::isAlive, conversation);
  }

  private <T> T ask(Duration timeout, FirecrackerApi.Conversation<T> conversation) {
    return FirecrackerApi.converse(api(), timeout, () -> false, conversation);
  }

  private static boolean become(FirecrackerApi api, String state) throws IOException {
    api.patch("/vm", FirecrackerApi.body().put("state", state));
    return true;
  }

  /** By way of the process: the folder's own path may be longer than a socket's may be. */
  private Path api() {
    return Path.of("/proc", Long.toString(process.pid()), "cwd", API);
  }
}
