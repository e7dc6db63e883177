package dev.skep.daemon;

import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The daemon's command line. The {@code skep} command checks and explains what people type; this
 * reads what it passes on.
 *
 * @param gatewayPort negative: as configured
 * @param apiPort negative: as configured
 * @param sandboxes false: serve, but start nothing (training of the start-up cache)
 */
record DaemonOptions(
    Task task,
    Path state,
    Optional<Path> config,
    int gatewayPort,
    int apiPort,
    boolean sandboxes,
    boolean fix) {

  /** What this process is for. */
  enum Task {
    SERVE,
    /** Ends all that an earlier daemon left running. */
    STOP_SANDBOXES,
    DOCTOR
  }

  private static final List<String> KNOWN =
      List.of(
          "--state",
          "--config",
          "--gateway-port",
          "--api-port",
          "--no-sandboxes",
          "--stop-sandboxes",
          "--doctor",
          "--fix");

  static DaemonOptions parse(String... args) {
    Deque<String> words = new ArrayDeque<>(Arrays.asList(args));
    var task = Task.SERVE;
    Path state = defaultState();
    Optional<Path> config = Optional.empty();
    int gatewayPort = -1;
    int apiPort = -1;
    boolean sandboxes = true;
    boolean fix = false;
    while (!words.isEmpty()) {
      String option = words.pop();
      switch (option) {
        case "--state" -> state = Path.of(value(option, words));
        case "--config" -> config = Optional.of(Path.of(value(option, words)));
        case "--gateway-port" -> gatewayPort = port(option, words);
        case "--api-port" -> apiPort = port(option, words);
        case "--no-sandboxes" -> sandboxes = false;
        case "--stop-sandboxes" -> task = Task.STOP_SANDBOXES;
        case "--doctor" -> task = Task.DOCTOR;
        case "--fix" -> fix = true;
        default ->
            throw new SkepException(
                Code.INVALID, "daemon: unknown option " + option + Nearest.hint(option, KNOWN));
      }
    }
    return new DaemonOptions(
        task, state.toAbsolutePath().normalize(), config, gatewayPort, apiPort, sandboxes, fix);
  }

  private static Path defaultState() {
    String home = System.getenv("SKEP_HOME");
    return Path.of(home == null || home.isEmpty() ? "/var/lib/skep" : home);
  }

  private static int port(String option, Deque<String> words) {
    String text = value(option, words);
    if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535) {
      throw new SkepException(Code.INVALID, option + " " + text + ": expected a port, 0 to 65535");
    }
    return Integer.parseInt(text);
  }

  private static String value(String option, Deque<String> words) {
    if (words.isEmpty()) {
      throw new SkepException(Code.INVALID, option + ": expected a value");
    }
    return words.pop();
  }

  /**
   * The user's file: the one that is named, or {@code skep.yaml} in the state folder if it is
   * there.
   */
  Optional<Path> configFile() {
    return config.or(
        () -> Optional.of(state.resolve("skep.yaml")).filter(java.nio.file.Files::exists));
  }
}
