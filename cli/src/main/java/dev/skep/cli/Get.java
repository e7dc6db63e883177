package dev.skep.cli;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "get",
    description = "List objects of a kind: pods, deployments, services, pvc, configmaps, ksvc.")
final class Get extends SkepCommand {
  private static final String AS_TABLE =
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

  @Parameters(index = "0", paramLabel = "KIND", description = "Kind, as kubectl names it.")
  String kind = "";

  @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "Only this one.")
  @Nullable String name;

  @Option(
      names = {"-n", "--namespace"},
      description = "Their namespace (default: ${DEFAULT-VALUE}).")
  String namespace = "default";

  Get(Globals globals) {
    super(globals);
  }

  @Override
  int run() {
    ObjectKind wanted = ObjectKind.named(kind);
    String target = name == null ? wanted.in(namespace) : wanted.one(namespace, name);
    try (ApiClient api = api()) {
      if (wantsTable()) {
        print(api.get(target, AS_TABLE));
      } else {
        printTree(api.get(target));
      }
      return ExitCodes.OK;
    }
  }

  private void print(Json table) {
    List<Json> rows = table.at("rows").items();
    if (rows.isEmpty()) {
      terminal().note("no " + kind + " in namespace " + namespace);
      return;
    }
    var shown =
        new Table(
            terminal(),
            table.at("columnDefinitions").items().stream()
                .map(column -> column.at("name").text().toUpperCase(Locale.ROOT))
                .toArray(String[]::new));
    for (Json row : rows) {
      shown.row(row.at("cells").items().stream().map(Json::text).toArray(String[]::new));
    }
    shown.print();
  }
}
