package dev.skep.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code skep bench coldstart|sandboxes|images}. */
final class BenchCommands {
  private BenchCommands() {}

  static CommandLine group(Globals globals) {
    var group = new CommandLine(new Group());
    group.addSubcommand("coldstart", new BenchColdStart(globals));
    group.addSubcommand("sandboxes", new BenchSandboxes(globals));
    group.addSubcommand("images", new BenchImages(globals));
    return group;
  }

  @Command(
      name = "bench",
      description = "Measure this host: cold starts, kinds of sandboxes, and lazy images.")
  static final class Group extends CommandGroup {
    Group() {
      super("coldstart, sandboxes or images");
    }
  }
}
