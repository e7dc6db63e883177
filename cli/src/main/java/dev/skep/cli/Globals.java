package dev.skep.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ScopeType;

/** What all commands share: where the daemon is and how to print. */
final class Globals {
  private final Terminal terminal;
  @Nullable Path state;
  private Format format = Format.table;

  Globals(Terminal terminal) {
    this.terminal = terminal;
  }

  /** For the root command; its subcommands inherit them. */
  List<OptionSpec> options() {
    return List.of(
        inherited(
            Path.class,
            value -> state = (Path) value,
            "Folder of the daemon's state (default: $SKEP_HOME or /var/lib/skep).",
            "FOLDER",
            "--state"),
        inherited(
            Format.class,
            value -> format = value == null ? Format.table : (Format) value,
            "table, json or yaml (default: table).",
            "FORMAT",
            "-o",
            "--output"));
  }

  private interface Setting {
    void set(@Nullable Object value);
  }

  private static OptionSpec inherited(
      Class<?> type, Setting setting, String description, String label, String... names) {
    ISetter setter =
        new ISetter() {
          @Override
          @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // picocli's signature
          public <T> T set(T value) {
            setting.set(value);
            return value;
          }
        };
    return OptionSpec.builder(names)
        .type(type)
        .setter(setter)
        .description(description)
        .paramLabel(label)
        .scopeType(ScopeType.INHERIT)
        .build();
  }

  Terminal terminal() {
    return terminal;
  }

  Format format() {
    return format;
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
