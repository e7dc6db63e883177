package dev.skep.cli;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "describe",
    description =
        "Show all that is known of a function or Deployment: conditions, instances, pods.")
final class Describe extends SkepCommand {
  @Parameters(
      paramLabel = "NAME|KIND/NAME",
      description = "A function or Deployment by name, or any object with its kind before it.")
  String service = "";

  @Option(
      names = {"-n", "--namespace"},
      description = "Its namespace (default: ${DEFAULT-VALUE}).")
  String namespace = "default";

  Describe(Globals globals) {
    super(globals);
  }

  @Override
  int run() {
    try (ApiClient api = api()) {
      Optional<Json> other = other(api, ObjectName.parse(service));
      if (other.isPresent()) {
        printOther(api, other.get());
        return ExitCodes.OK;
      }
      Json found = api.get(ApiClient.service(namespace, service));
      if (!wantsTable()) {
        printTree(found);
        return ExitCodes.OK;
      }
      String query = "?service=" + ApiClient.encode(service);
      List<Json> instances = api.get(ApiClient.instances(namespace) + query).at("items").items();
      List<Json> starts =
          api.get(
                  ApiClient.SKEP
                      + "/starts"
                      + query
                      + "&limit=5&namespace="
                      + ApiClient.encode(namespace))
              .at("items")
              .items();
      List<Json> scaling =
          api.get(ApiClient.SKEP + "/scaling" + query + "&namespace=" + ApiClient.encode(namespace))
              .at("items")
              .items();
      printService(found);
      printConditions(found);
      printScaling(scaling);
      printInstances(instances);
      printStarts(starts);
      return ExitCodes.OK;
    }
  }

  /** What is no function; empty where it is one, or nothing is there. */
  private Optional<Json> other(ApiClient api, ObjectName object) {
    if (object.kind().isPresent()) {
      Json found = api.get(object.kind().get().one(namespace, object.name()));
      service = object.name();
      return Optional.of(found).filter(_ -> object.kind().get() != ObjectKind.FUNCTION);
    }
    return Manifests.find(api, ApiClient.service(namespace, service)).isPresent()
        ? Optional.empty()
        : Manifests.find(api, ObjectKind.DEPLOYMENT.one(namespace, service));
  }

  private void printOther(ApiClient api, Json object) {
    boolean deployment = ObjectKind.of(object).filter(ObjectKind.DEPLOYMENT::equals).isPresent();
    if (wantsTable() && deployment) {
      List<Json> pods = DeploymentPage.pods(api, namespace, service);
      new DeploymentPage(terminal(), object, pods).print();
    } else if (wantsTable()) {
      terminal().print(JsonText.yaml(object));
    } else {
      printTree(object);
    }
  }

  private void printService(Json found) {
    Json template = found.at("spec", "template");
    Json container =
        template.at("spec", "containers").items().stream().findFirst().orElse(new Json(null));
    var table = new Table(terminal());
    row(table, "Name", Services.namespace(found) + "/" + Services.name(found));
    row(table, "URL", found.at("status", "url").text());
    row(table, "Revision", found.at("status", "latestReadyRevisionName").text());
    row(table, "Image", container.at("image").text());
    row(table, "Command", words(container.at("command")) + words(container.at("args")));
    for (Json env : container.at("env").items()) {
      row(table, "Env", env.at("name").text() + "=" + env.at("value").text());
    }
    container
        .at("resources", "limits")
        .fields()
        .forEach((name, limit) -> row(table, name, limit.text()));
    row(table, "Concurrency", template.at("spec", "containerConcurrency").text());
    template
        .at("metadata", "annotations")
        .fields()
        .forEach((name, value) -> row(table, name, value.text()));
    row(table, "Age", Times.age(found.at("metadata", "creationTimestamp").text(), Instant.now()));
    table.print();
  }

  private static String words(Json list) {
    return String.join(" ", list.items().stream().map(Json::text).toList());
  }

  private void row(Table table, String name, String value) {
    if (!value.isEmpty()) {
      table.row(terminal().bold(name), value);
    }
  }

  private void printConditions(Json found) {
    var table = new Table(terminal(), "CONDITION", "STATUS", "REASON", "MESSAGE");
    for (Json condition : found.at("status", "conditions").items()) {
      String status = condition.at("status").text();
      table.row(
          condition.at("type").text(),
          status.equals("True") ? terminal().green(status) : terminal().red(status),
          condition.at("reason").text(),
          condition.at("message").text().replace("\n", " | "));
    }
    terminal().println("");
    table.print();
  }

  private void printScaling(List<Json> scaling) {
    if (scaling.isEmpty()) {
      return;
    }
    var table = new Table(terminal(), "SCALING", "POLICY", "WANTED", "READY", "REASON", "WHY");
    for (Json revision : scaling) {
      String problem = revision.at("problem").text();
      table.row(
          revision.at("revision").text(),
          revision.at("policy").text(),
          revision.at("desired").text(),
          revision.at("ready").text(),
          revision.at("reason").text(),
          problem.isEmpty() ? revision.at("why").text() : terminal().red(problem));
    }
    terminal().println("");
    table.print();
  }

  private void printInstances(List<Json> instances) {
    terminal().println("");
    if (instances.isEmpty()) {
      terminal().println("No instances: the next request starts one.");
      return;
    }
    var table =
        new Table(terminal(), "INSTANCE", "REVISION", "STATE", "SANDBOX", "IN FLIGHT", "AGE");
    for (Json instance : instances) {
      table.row(
          instance.at("name").text(),
          instance.at("revision").text(),
          instance.at("state").text(),
          instance.at("sandbox").text(),
          instance.at("inFlight").text(),
          Times.age(instance.at("createdAt").text(), Instant.now()));
    }
    table.print();
  }

  private void printStarts(List<Json> starts) {
    if (starts.isEmpty()) {
      return;
    }
    terminal().println("");
    var table = new Table(terminal(), "LAST STARTS", "INSTANCE", "PLAN", "TOTAL", "RESULT");
    for (Json start : starts) {
      table.row(
          Times.age(start.at("startedAt").text(), Instant.now()) + " ago",
          start.at("instance").text(),
          start.at("plan").text(),
          Times.precise(Times.nanos(start.at("total").text())),
          start.at("failure").isMissing() ? "ready" : start.at("failure", "message").text());
    }
    table.print();
  }
}
