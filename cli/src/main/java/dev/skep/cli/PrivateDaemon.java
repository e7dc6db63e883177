package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A daemon for one command, in a state folder of its own, that leaves nothing behind. */
final class PrivateDaemon {
  private static final int ATTEMPTS = 3;

  private final String owner;
  private final Path state;
  private final boolean temporary;
  private final StepProgress progress;
  private final AtomicBoolean stopped = new AtomicBoolean();

  /**
   * @param owner whose it is, for people: {@code the demo}
   * @param temporary whether the state folder goes with it
   */
  PrivateDaemon(String owner, Path state, boolean temporary, StepProgress progress) {
    this.owner = owner;
    this.state = state;
    this.temporary = temporary;
    this.progress = progress;
  }

  /** Starts it on free ports; from now on it is stopped however this process ends. */
  boolean start() throws IOException, InterruptedException {
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().name("cleanup").unstarted(this::interrupted));
    run(List.of("up", "--state", state.toString(), "--gateway-port", "0", "--api-port", "0"));
    return true;
  }

  /** What the names of all its host objects have in common. */
  String tag() throws IOException {
    return JsonText.read(Files.readString(state.resolve("network.json"))).at("tag").text();
  }

  /** Leaves the daemon running when this process ends. */
  void keep() {
    stopped.set(true);
  }

  boolean stop() throws IOException, InterruptedException {
    if (stopped.compareAndSet(false, true)) {
      down();
    }
    return true;
  }

  private void interrupted() {
    if (!stopped.compareAndSet(false, true)) {
      return;
    }
    progress.mute();
    System.err.println("interrupted: stopping the daemon of " + owner + " and its instances");
    try {
      down();
      System.err.println("stopped; nothing was left behind");
    } catch (IOException | InterruptedException | SkepException e) {
      System.err.println("skep: " + e.getMessage() + " (run 'skep down --state " + state + "')");
    }
  }

  /**
   * Again when a process is still there: a daemon that was being started when the command was
   * interrupted takes its lock only after a moment.
   */
  private void down() throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      run(List.of("down", "--state", state.toString()));
      List<String> left = DemoCensus.processes(state).stream().toList();
      if (left.isEmpty()) {
        if (temporary) {
          Folders.delete(state);
        }
        return;
      }
      if (attempt == ATTEMPTS) {
        throw new SkepException(Code.INTERNAL, "still running: " + String.join("; ", left));
      }
      Thread.sleep(1000);
    }
  }

  /** In a session of its own: Ctrl-C reaches the command alone, which then decides. */
  private static void run(List<String> args) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("setsid", "--wait"));
    command.addAll(Launcher.command(args));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status != 0) {
      throw new SkepException(
          Code.INTERNAL,
          "'skep "
              + String.join(" ", args)
              + "' ended with exit code "
              + status
              + ": "
              + output.strip());
    }
  }
}
