package dev.skep.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code skep state backup|restore}: the launcher runs them in a JVM that has the store. */
final class StateCommands {
  private StateCommands() {}

  static CommandLine group(Globals globals) {
    var group = new CommandLine(new Group());
    group.addSubcommand("backup", new Backup(globals));
    group.addSubcommand("restore", new Restore(globals));
    return group;
  }

  @Command(name = "state", description = "Back up and restore the objects that are stored.")
  static final class Group extends CommandGroup {
    Group() {
      super("backup or restore");
    }
  }

  @Command(
      name = "backup",
      description = {
        "Write all objects into one file, also while the daemon runs.",
        "Values of Secrets are in it; images and snapshots are not."
      })
  static final class Backup extends SkepCommand {
    @Parameters(paramLabel = "FILE", description = "A new file.")
    Path file = Path.of("");

    Backup(Globals globals) {
      super(globals);
    }

    @Override
    int run() throws IOException, InterruptedException {
      return launch("backup", state(), file);
    }
  }

  @Command(
      name = "restore",
      description = {
        "Put a backup in the place of what is stored, which stays beside it. Needs 'skep down'."
      })
  static final class Restore extends SkepCommand {
    @Parameters(paramLabel = "FILE", description = "As 'skep state backup' has written it.")
    Path file = Path.of("");

    Restore(Globals globals) {
      super(globals);
    }

    @Override
    int run() throws IOException, InterruptedException {
      return launch("restore", state(), file);
    }
  }

  private static int launch(String what, Path state, Path file)
      throws IOException, InterruptedException {
    return Launcher.run(
        List.of("state-file", what, state.toString(), file.toAbsolutePath().toString()));
  }
}
