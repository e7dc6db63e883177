package dev.skep.sandbox;

import java.util.List;
import java.util.OptionalInt;

/**
 * Why a start did not lead to a ready sandbox: a value, because users cause most of them.
 *
 * @param message what was found and what was expected, for the revision's condition and the waiting
 *     request
 * @param exitCode of the function's process, where it ended
 * @param lastOutput of the function or, for boot failures, of the guest's console; oldest first, at
 *     most 20 lines
 */
public record StartFailure(
    Reason reason, String message, OptionalInt exitCode, List<String> lastOutput) {
  /** What went wrong, coarse enough to count. */
  public enum Reason {
    /** Image missing, unreachable, corrupt or without a command. */
    IMAGE,
    /** Memory, disk, addresses or slots have run out. */
    RESOURCES,
    /** The host could not build the sandbox: VMM, namespace, cgroup. */
    HOST,
    /** The guest's kernel or agent did not come up in time. */
    BOOT_TIMEOUT,
    /** User, working folder or another setting does not exist in the image. */
    CONFIGURATION,
    COMMAND_NOT_FOUND,
    /** The process ended before it was ready. */
    GUEST_EXIT,
    /** The process ran out of the guest's memory before it was ready. */
    OUT_OF_MEMORY,
    /** The process runs but its readiness probe never passed. */
    PROBE_TIMEOUT,
    /** Nobody wanted the instance any more. */
    CANCELLED
  }

  public StartFailure {
    lastOutput = List.copyOf(lastOutput);
  }

  public static StartFailure of(Reason reason, String message) {
    return new StartFailure(reason, message, OptionalInt.empty(), List.of());
  }
}
