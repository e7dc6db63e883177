package dev.skep.sandbox;

import java.util.List;
import java.util.Optional;

/**
 * A command to run inside a sandbox, as its process's user, in its folder and with its environment.
 *
 * @param argv the program first
 * @param stdin whether it is given input; otherwise it reads the null device
 * @param terminal how large, where it is to have one: stdin, stdout and stderr are that terminal,
 *     the keys for signals work, and what it writes to stderr comes with stdout
 */
public record ExecSpec(List<String> argv, boolean stdin, Optional<TerminalSize> terminal) {
  public ExecSpec {
    argv = List.copyOf(argv);
    if (argv.isEmpty()) {
      throw new IllegalArgumentException("argv: empty (expected: the program first)");
    }
  }

  /** One without a terminal. */
  public static ExecSpec of(List<String> argv, boolean stdin) {
    return new ExecSpec(argv, stdin, Optional.empty());
  }
}
