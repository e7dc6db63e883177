package dev.skep.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** What all commands share: where the daemon is and how to print. */
final class Globals {
  @Option(
      names = "--state",
      paramLabel = "FOLDER",
      scope = ScopeType.INHERIT,
      description = "Folder of the daemon's state (default: $SKEP_HOME or /var/lib/skep).")
  @Nullable Path state;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      scope = ScopeType.INHERIT,
      description = "table, json or yaml (default: table).")
  Format format = Format.table;

  private final Terminal terminal;

  Globals(Terminal terminal) {
    this.terminal = terminal;
  }

  Terminal terminal() {
    return terminal;
  }

  Path stateFolder() {
    Path folder = state;
    if (folder == null) {
      String home = System.getenv("SKEP_HOME");
      folder = Path.of(home == null || home.isEmpty() ? "/var/lib/skep" : home);
    }
    return folder.toAbsolutePath().normalize();
  }
}
