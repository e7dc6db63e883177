package dev.skep.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    description = "Check what this host can do, each capability by trying it, and say what to do.")
final class Doctor extends SkepCommand {
  @Option(names = "--fix", description = "Install what is missing (apt, as root).")
  boolean fix;

  Doctor(Globals globals) {
    super(globals);
  }

  /** The checks need the daemon's class path: the launcher runs them. */
  @Override
  int run() throws Exception {
    var args =
        new ArrayList<>(
            List.of("daemon", "--state", state().toString(), "--doctor", globals().format.name()));
    if (fix) {
      args.add("--fix");
    }
    return Launcher.run(args);
  }
}
