package dev.skep.sandbox;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * One place in which one function instance runs. Safe for use by several threads; blocking calls
 * suit virtual threads.
 */
public interface Sandbox {
  /** Where it is in its life; it only moves forward, except between READY and PAUSED. */
  enum State {
    CREATED,
    STARTING,
    READY,
    PAUSED,
    STOPPED
  }

  SandboxSpec spec();

  default String id() {
    return spec().id();
  }

  State state();

  /** Where the host reaches the function's port. */
  InetSocketAddress endpoint();

  /**
   * Starts the process and returns once its readiness probe has passed or the start has failed.
   * Call once.
   */
  StartOutcome start(PhaseRecorder phases);

  /** Runs a command inside, as the process's user and in its folder. */
  ExecResult exec(List<String> argv, byte[] stdin, Duration timeout);

  Stats stats();

  /** Stops all virtual CPUs or processes; idempotent. */
  void pause();

  /** Undoes {@link #pause}; idempotent. */
  void resume();

  /**
   * Ends it: SIGTERM, SIGKILL after {@code grace}, then all that it had on the host is removed.
   * Idempotent; also ends one that is starting. The log file stays: it is the caller's.
   */
  Exit stop(Duration grace);

  /** Completes when it has ended, for whatever reason, and its host objects are gone. */
  CompletionStage<Exit> onExit();
}
