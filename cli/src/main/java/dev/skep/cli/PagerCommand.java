package dev.skep.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Here for help and completion: the launcher itself starts the pager, in a JVM made for it. */
@Command(
    name = "pager",
    description = {
      "Run a pager in the foreground: it serves the memory of restored guests.",
      "The daemon starts one where it needs it, and uses one that listens at pager.sock in its state"
          + " folder."
    })
final class PagerCommand extends SkepCommand {
  @Parameters(paramLabel = "SOCKET", description = "Where it is to listen for requests.")
  String socket = "";

  PagerCommand(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    return Launcher.run(List.of("pager", socket));
  }
}
