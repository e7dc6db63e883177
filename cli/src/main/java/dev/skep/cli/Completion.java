package dev.skep.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "completion",
    description = "Print a completion script for bash: 'source <(skep completion)'.")
final class Completion extends SkepCommand {
  @Spec @Nullable CommandSpec spec;

  Completion(Globals globals) {
    super(globals);
  }

  @Override
  int run() {
    terminal().print(AutoComplete.bash("skep", Objects.requireNonNull(spec).root().commandLine()));
    return ExitCodes.OK;
  }
}
