package dev.skep.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code skep bench coldstart}. */
final class BenchCommands {
  private BenchCommands() {}

  static CommandLine group(Globals globals) {
    var group = new CommandLine(new Group());
    group.addSubcommand("coldstart", new BenchColdStart(globals));
    return group;
  }

  @Command(name = "bench", description = "Measure this host: cold starts of a suite of functions.")
  static final class Group extends CommandGroup {
    Group() {
      super("coldstart");
    }
  }
}
