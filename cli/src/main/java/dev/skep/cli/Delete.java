package dev.skep.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "delete", description = "Delete services and stop their instances.")
final class Delete extends SkepCommand {
  @Parameters(arity = "1..*", paramLabel = "SERVICE", description = "Names of the services.")
  List<String> names = List.of();

  @Option(
      names = {"-n", "--namespace"},
      description = "Their namespace (default: ${DEFAULT-VALUE}).")
  String namespace = "default";

  Delete(Globals globals) {
    super(globals);
  }

  @Override
  int run() {
    try (ApiClient api = api()) {
      for (String name : names) {
        api.delete(ApiClient.service(namespace, name));
        terminal().note("deleted " + namespace + "/" + name);
      }
      return ExitCodes.OK;
    }
  }
}
