package dev.skep.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Here for help and completion: the launcher itself starts the process, in a JVM made for it. */
@Command(
    name = "lazy",
    description = {
      "Serve images that are still being fetched, in the foreground.",
      "The daemon starts this where it needs it, and uses one that serves its images folder."
    })
final class LazyCommand extends SkepCommand {
  @Parameters(index = "0", paramLabel = "FOLDER", description = "Of the images, in a state folder.")
  String folder = "";

  @Parameters(
      index = "1..*",
      paramLabel = "REGISTRY",
      description = "Registries that may be asked without TLS.")
  List<String> registries = List.of();

  LazyCommand(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    var arguments = new ArrayList<>(List.of("lazy", folder));
    arguments.addAll(registries);
    return Launcher.run(arguments);
  }
}
