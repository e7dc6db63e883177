package dev.skep.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Here for help and completion: the launcher itself starts the daemon, in a JVM made for it. */
@Command(name = "daemon", description = "Run the daemon in the foreground.")
final class DaemonCommand extends SkepCommand {
  @Mixin final DaemonOptions options = new DaemonOptions();

  DaemonCommand(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    return Launcher.run(options.arguments(state()));
  }
}
