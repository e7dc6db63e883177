package dev.skep.microvm;

import java.time.Duration;

/** What came of the agent's attempt to run the function's process. */
sealed interface AgentStart {
  /**
   * The process runs.
   *
   * @param receivedToExec guest time from the start message to the process's exec
   */
  record Started(Duration receivedToExec) implements AgentStart {}

  /**
   * It does not, and the guest can only be stopped.
   *
   * @param message what was found and what was expected
   */
  record Refused(Cause cause, String message) implements AgentStart {}

  /** Why, with the exit code that a shell would give. */
  enum Cause {
    /** The root file system cannot be mounted. */
    ROOT(1),
    UNKNOWN_USER(1),
    UNKNOWN_GROUP(1),
    WORKING_DIR(1),
    /** What the function is to find somewhere cannot be put there. */
    MOUNT(1),
    COMMAND_NOT_EXECUTABLE(126),
    COMMAND_NOT_FOUND(127),
    /** Anything else; the message tells. */
    OTHER(1);

    private final int exitCode;

    Cause(int exitCode) {
      this.exitCode = exitCode;
    }

    int exitCode() {
      return exitCode;
    }
  }
}
