package dev.skep.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** A command that only has others below it; on its own it says which. */
abstract class CommandGroup implements Runnable {
  @CommandLine.Spec CommandLine.Model.@Nullable CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  private final String expected;

  /**
   * @param expected the end of the message: {@code ls or rm}
   */
  CommandGroup(String expected) {
    this.expected = expected;
  }

  @Override
  public void run() {
    CommandLine.Model.CommandSpec here = Objects.requireNonNull(spec);
    throw new CommandLine.ParameterException(
        here.commandLine(), here.name() + ": expected " + expected);
  }
}
