package dev.skep.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "apply",
    description =
        "Create or change the objects of manifests: all of them, or none if one is wrong.")
final class Apply extends SkepCommand {
  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      required = true,
      description = "A manifest, YAML or JSON; - is standard input. May be given several times.")
  List<Path> files = List.of();

  @Option(
      names = {"-n", "--namespace"},
      description = "Their namespace (default: the manifest's, or default).")
  @Nullable String namespace;

  Apply(Globals globals) {
    super(globals);
  }

  @Override
  int run() throws Exception {
    List<Json> manifests = new ArrayList<>();
    for (Path file : files) {
      manifests.addAll(Manifests.read(file, namespace));
    }
    try (ApiClient api = api()) {
      Manifests.check(api, manifests);
      for (Json manifest : manifests) {
        Manifests.Applied applied = Manifests.apply(api, manifest);
        if (wantsTable()) {
          terminal().println(applied.summary());
        } else {
          printTree(applied.object());
        }
      }
      return ExitCodes.OK;
    }
  }
}
