package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.List;

/** The {@code skep} script, which knows how to run the daemon's JVM. */
final class Launcher {
  private Launcher() {}

  /** A command line that runs {@code skep} with these arguments. */
  static List<String> command(List<String> args) {
    String script = System.getProperty("skep.launcher", "");
    if (script.isEmpty()) {
      throw new SkepException(
          Code.UNSUPPORTED,
          "not started by the skep script (expected: the system property skep.launcher)");
    }
    var command = new ArrayList<String>();
    command.add(script);
    command.addAll(args);
    return command;
  }

  /** Runs {@code skep} with these arguments on this terminal and gives its exit code. */
  static int run(List<String> args) throws java.io.IOException, InterruptedException {
    return new ProcessBuilder(command(args)).inheritIO().start().waitFor();
  }
}
