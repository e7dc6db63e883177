package dev.skep.sandbox;

import dev.skep.api.Resources;
import java.util.List;
import java.util.OptionalInt;

/**
 * How a sandbox ended.
 *
 * @param code exit code of the process (128 + signal where a signal ended it); empty where the
 *     sandbox itself died
 * @param outOfMemory the guest killed the process for its memory
 * @param message for people: {@code exit code 3}, {@code VMM killed by signal 9}
 * @param lastOutput oldest first, at most 20 lines
 */
public record Exit(OptionalInt code, boolean outOfMemory, String message, List<String> lastOutput) {
  public Exit {
    lastOutput = List.copyOf(lastOutput);
  }

  /** The message where a process was killed for its memory. */
  public static String outOfMemoryMessage(Resources limits) {
    return "killed: out of memory (limit " + (limits.memoryBytes() >> 20) + " MiB)";
  }
}
