package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.InstanceView;
import dev.skep.control.Instances;
import dev.skep.sandbox.ExecResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Running instances: list, logs, commands inside. */
final class InstanceRoutes {
  private static final int DEFAULT_EXEC_SECONDS = 30;
  private static final int LONGEST_EXEC_SECONDS = 3_600;

  private final Instances instances;

  InstanceRoutes(Instances instances) {
    this.instances = instances;
  }

  /**
   * @param path behind {@code instances}
   */
  void handle(Optional<String> namespace, List<String> path, Exchange exchange) {
    if (path.isEmpty()) {
      SkepRoutes.only(exchange, "GET");
      exchange.send(list(namespace, exchange.query("service"), exchange.query("revision")));
      return;
    }
    InstanceView instance = find(namespace, path.getFirst());
    switch (path.size() == 1 ? "" : path.get(1)) {
      case "" -> {
        SkepRoutes.only(exchange, "GET");
        exchange.send(view(instance));
      }
      case "log" -> {
        SkepRoutes.only(exchange, "GET");
        log(instance, exchange);
      }
      case "exec" -> {
        SkepRoutes.only(exchange, "POST");
        exec(instance, exchange);
      }
      default -> throw ApiFailure.notFound(exchange.pathText());
    }
  }

  private ObjectNode list(
      Optional<String> namespace, Optional<String> service, Optional<String> revision) {
    ObjectNode list = ApiJson.object();
    ArrayNode items = list.putArray("items");
    instances.list().stream()
        .filter(view -> namespace.isEmpty() || namespace.get().equals(view.namespace()))
        .filter(view -> service.isEmpty() || service.get().equals(view.service()))
        .filter(view -> revision.isEmpty() || revision.get().equals(view.revision()))
        .forEach(view -> items.add(ApiJson.mapper().<JsonNode>valueToTree(view)));
    return list;
  }

  private InstanceView find(Optional<String> namespace, String name) {
    return instances
        .find(name)
        .filter(view -> namespace.isEmpty() || namespace.get().equals(view.namespace()))
        .orElseThrow(
            () -> new SkepException(Code.NOT_FOUND, "instances \"%s\" not found".formatted(name)));
  }

  private ObjectNode view(InstanceView instance) {
    ObjectNode view = ApiJson.mapper().valueToTree(instance);
    // before the other: to ask a guest for its use makes it touch pages
    instances
        .pagedMemory(instance.name())
        .ifPresent(memory -> view.set("pagedMemory", ApiJson.mapper().valueToTree(memory)));
    instances
        .stats(instance.name())
        .ifPresent(stats -> view.set("stats", ApiJson.mapper().valueToTree(stats)));
    return view;
  }

  private void log(InstanceView instance, Exchange exchange) {
    Path file =
        instances
            .logFile(instance.name())
            .orElseThrow(
                () ->
                    new SkepException(
                        Code.NOT_FOUND,
                        "instance \"%s\" has no log any more".formatted(instance.name())));
    var tail = exchange.number("tail");
    var log = new LogStream(file, () -> isOver(instance.name()));
    try (var out = exchange.stream("text/plain; charset=utf-8")) {
      log.write(tail, exchange.flag("follow"), out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server is closing
    }
  }

  private boolean isOver(String name) {
    return instances.find(name).map(view -> view.state().equals("stopped")).orElse(true);
  }

  private void exec(InstanceView instance, Exchange exchange) {
    ObjectNode order = exchange.object();
    var argv = new ArrayList<String>();
    order.path("argv").forEach(word -> argv.add(word.asString("")));
    if (argv.isEmpty()) {
      throw ApiFailure.badRequest("argv: missing (expected: an array, program first)");
    }
    int seconds = order.path("timeoutSeconds").asInt(DEFAULT_EXEC_SECONDS);
    if (seconds < 1 || seconds > LONGEST_EXEC_SECONDS) {
      throw ApiFailure.badRequest(
          "timeoutSeconds: %d (expected: 1 to %d)".formatted(seconds, LONGEST_EXEC_SECONDS));
    }
    ExecResult result =
        instances.exec(instance.name(), argv, stdin(order), Duration.ofSeconds(seconds));
    exchange.send(ApiJson.mapper().valueToTree(result));
  }

  private static byte[] stdin(ObjectNode order) {
    try {
      return Base64.getDecoder().decode(order.path("stdin").asString(""));
    } catch (IllegalArgumentException e) {
      throw ApiFailure.badRequest("stdin: " + e.getMessage() + " (expected: Base64)");
    }
  }
}
