package dev.skep.cli;

import picocli.CommandLine.Model.CommandSpec;

/** Here for help and completion: the launcher itself starts the daemon, in a JVM made for it. */
final class DaemonCommand extends SkepCommand {
  private final DaemonOptions options = new DaemonOptions();

  DaemonCommand(Globals globals) {
    super(globals);
  }

  CommandSpec spec() {
    CommandSpec spec = spec("daemon", "Run the daemon in the foreground.");
    options.specs().forEach(spec::addOption);
    return spec;
  }

  @Override
  int run() throws Exception {
    return Launcher.run(options.arguments(state()));
  }
}
