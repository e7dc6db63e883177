package dev.skep.sandbox;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

  /**
   * Begins a command inside. It ends with its sandbox at the latest.
   *
   * @throws dev.skep.api.SkepException CONFLICT unless it is READY, UNSUPPORTED where this kind has
   *     no terminals, EXHAUSTED where too many commands run
   */
  ExecProcess exec(ExecSpec command);

  /**
   * Runs a command inside to its end.
   *
   * @throws dev.skep.api.SkepException as {@link #exec(ExecSpec)}, and TIMEOUT if it was killed
   *     because it ran for longer
   */
  default ExecResult exec(List<String> argv, byte[] stdin, Duration timeout) {
    ExecProcess command = exec(ExecSpec.of(argv, stdin.length > 0));
    String what = "exec of " + argv.getFirst() + " in sandbox " + id();
    return ExecToEnd.run(command, what, stdin, timeout);
  }

  Stats stats();

  /** Stops all virtual CPUs or processes; idempotent. */
  void pause();

  /** Undoes {@link #pause}; idempotent. */
  void resume();

  /**
   * Saves it into an empty folder, from which {@link StartPlan.Restore} makes more of it. It goes
   * on afterwards, also when this fails; then the folder's content is of no use.
   *
   * @return how long it stood still
   * @throws dev.skep.api.SkepException CONFLICT unless it is READY, UNSUPPORTED where it cannot be
   *     saved, EXHAUSTED where the disk is full
   */
  Duration snapshot(Path folder);

  /**
   * Writes the working set, the pages touched since a restore that records, beside the snapshot and
   * ends the recording.
   *
   * @param folder of the snapshot
   * @return how many pages it has
   * @throws dev.skep.api.SkepException CONFLICT where nothing is recorded
   */
  int recordTo(Path folder);

  /** Empty where no pager serves its memory. */
  Optional<PagedMemory> pagedMemory();

  /**
   * Ends it: SIGTERM, SIGKILL after {@code grace}, then all that it had on the host is removed.
   * Idempotent; also ends one that is starting. The log file stays: it is the caller's.
   */
  Exit stop(Duration grace);

  /** Completes when it has ended, for whatever reason, and its host objects are gone. */
  CompletionStage<Exit> onExit();
}
