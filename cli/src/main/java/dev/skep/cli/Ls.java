package dev.skep.cli;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

final class Ls extends SkepCommand {
  private final OptionSpec namespace =
      OptionSpec.builder("-n", "--namespace")
          .type(String.class)
          .paramLabel("NAMESPACE")
          .description("Only this namespace (default: all).")
          .build();

  Ls(Globals globals) {
    super(globals);
  }

  CommandSpec spec() {
    return spec("ls", "List the services and how many instances each has.").addOption(namespace);
  }

  @Override
  int run() {
    String wanted = namespace.getValue();
    try (ApiClient api = api()) {
      String target =
          wanted == null ? ApiClient.SERVICES + "/services" : ApiClient.services(wanted);
      Json services = api.get(target);
      if (!wantsTable()) {
        printTree(services);
        return ExitCodes.OK;
      }
      print(services.at("items").items(), instances(api));
      return ExitCodes.OK;
    }
  }

  private static Map<String, Integer> instances(ApiClient api) {
    var ready = new HashMap<String, Integer>();
    for (Json instance : api.get(ApiClient.SKEP + "/instances").at("items").items()) {
      if (instance.at("state").text().equals("ready")) {
        ready.merge(
            instance.at("namespace").text() + "/" + instance.at("service").text(), 1, Integer::sum);
      }
    }
    return ready;
  }

  private void print(List<Json> services, Map<String, Integer> instances) {
    if (services.isEmpty()) {
      terminal().note("no services (deploy one with 'skep deploy IMAGE')");
      return;
    }
    Instant now = Instant.now();
    var table = new Table(terminal(), "NAME", "NAMESPACE", "READY", "INSTANCES", "AGE", "URL");
    for (Json service : services) {
      String key = Services.namespace(service) + "/" + Services.name(service);
      table.row(
          Services.name(service),
          Services.namespace(service),
          readiness(service),
          Integer.toString(instances.getOrDefault(key, 0)),
          Times.age(service.at("metadata", "creationTimestamp").text(), now),
          service.at("status", "url").text());
    }
    table.print();
  }

  private String readiness(Json service) {
    Json ready = Services.ready(service);
    return switch (ready.at("status").text()) {
      case "True" -> terminal().green("yes");
      case "False" -> terminal().red(ready.at("reason").optional().orElse("no"));
      default -> terminal().yellow(ready.at("reason").optional().orElse("not yet"));
    };
  }
}
