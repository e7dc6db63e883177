package dev.skep.cli;

import java.time.Instant;
import java.util.List;

/** What is shown of a Deployment: its template, conditions, and pods with how they ended. */
record DeploymentPage(Terminal terminal, Json deployment, List<Json> pods) {
  void print() {
    Json template = deployment.at("spec", "template", "spec");
    Json container = template.at("containers").items().stream().findFirst().orElse(new Json(null));
    var table = new Table(terminal);
    row(table, "Name", Services.namespace(deployment) + "/" + Services.name(deployment));
    row(table, "Replicas", deployment.at("spec", "replicas").text());
    row(table, "Strategy", deployment.at("spec", "strategy", "type").text());
    row(table, "Image", container.at("image").text());
    for (Json port : container.at("ports").items()) {
      row(table, "Port", port.at("containerPort").text() + "/" + port.at("protocol").text());
    }
    row(table, "Sandbox", template.at("runtimeClassName").text());
    row(
        table,
        "Age",
        Times.age(deployment.at("metadata", "creationTimestamp").text(), Instant.now()));
    table.print();
    printConditions();
    printPods();
  }

  private void row(Table table, String name, String value) {
    if (!value.isEmpty()) {
      table.row(terminal.bold(name), value);
    }
  }

  private void printConditions() {
    var table = new Table(terminal, "CONDITION", "STATUS", "REASON", "MESSAGE");
    for (Json condition : deployment.at("status", "conditions").items()) {
      String status = condition.at("status").text();
      table.row(
          condition.at("type").text(),
          status.equals("True") ? terminal.green(status) : terminal.red(status),
          condition.at("reason").text(),
          condition.at("message").text().replace("\n", " | "));
    }
    terminal.println("");
    table.print();
  }

  private void printPods() {
    terminal.println("");
    if (pods.isEmpty()) {
      terminal.println("No pods.");
      return;
    }
    var table = new Table(terminal, "POD", "READY", "RESTARTS", "AGE", "IP", "LAST END");
    for (Json pod : pods) {
      Json container =
          pod.at("status", "containerStatuses").items().stream().findFirst().orElse(new Json(null));
      Json ended = container.at("lastState", "terminated");
      table.row(
          Services.name(pod),
          container.at("ready").isTrue() ? terminal.green("yes") : terminal.yellow("no"),
          container.at("restartCount").text(),
          Times.age(pod.at("metadata", "creationTimestamp").text(), Instant.now()),
          pod.at("status", "podIP").text(),
          ended.at("message").text().replace("\n", " | "));
    }
    table.print();
  }

  /** Those of a Deployment, or the one of that name. */
  static List<Json> pods(ApiClient api, String namespace, String name) {
    return Manifests.find(api, ObjectKind.POD.in(namespace))
        .map(list -> list.at("items").items())
        .orElse(List.of())
        .stream()
        .filter(pod -> Services.name(pod).equals(name) || isOf(pod, name))
        .toList();
  }

  private static boolean isOf(Json pod, String deployment) {
    return pod.at("metadata", "ownerReferences").items().stream()
        .anyMatch(owner -> owner.at("name").text().equals(deployment));
  }
}
