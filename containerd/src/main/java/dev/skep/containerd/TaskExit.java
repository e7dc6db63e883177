package dev.skep.containerd;

import java.util.OptionalInt;

/**
 * How a process in a container ended.
 *
 * @param code 128 + signal where a signal ended it; empty where containerd has lost the process
 * @param message for people
 */
record TaskExit(OptionalInt code, String message) {
  private static final int SIGNALLED = 128;

  static TaskExit of(int code) {
    return new TaskExit(
        OptionalInt.of(code),
        code > SIGNALLED ? "killed by signal " + (code - SIGNALLED) : "exit code " + code);
  }

  static TaskExit lost(String why) {
    return new TaskExit(OptionalInt.empty(), why);
  }
}
