package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceStore;
import tools.jackson.databind.node.ObjectNode;

/** The status of objects, which clients may change without the rest: {@code /status}. */
final class StatusHandler {
  private final ResourceStore store;

  StatusHandler(ResourceStore store) {
    this.store = store;
  }

  /** What of {@code old} is no status stays. */
  void handle(ServedKind served, ApiObject old, Exchange exchange) {
    switch (exchange.method()) {
      case "GET" -> send(served, old, exchange);
      case "PUT" -> update(served, old, exchange.object(), exchange);
      case "PATCH" -> patch(served, old, exchange);
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }

  private static void send(ServedKind served, ApiObject object, Exchange exchange) {
    exchange.send(View.of(exchange).object(served, object));
  }

  private void patch(ServedKind served, ApiObject old, Exchange exchange) {
    PatchType type = PatchType.of(served, exchange);
    byte[] body = exchange.body();
    ObjectNode patched =
        type == PatchType.APPLY
            ? Patches.merge(old.json(), Yaml.parse(body))
            : PatchRequest.read(type, body).on(old.json());
    update(served, old, patched, exchange);
  }

  private void update(ServedKind served, ApiObject old, ObjectNode object, Exchange exchange) {
    String version = object.at("/metadata/resourceVersion").asString("");
    if (!version.isEmpty() && !version.equals(Long.toString(old.resourceVersion()))) {
      throw conflict(served, old);
    }
    ObjectNode wanted =
        object.get("status") instanceof ObjectNode status ? status : ApiJson.object();
    if (exchange.isDryRun()) {
      ObjectNode dry = old.copy();
      dry.set("status", wanted);
      send(served, new ApiObject(dry), exchange);
      return;
    }
    ApiObject updated =
        store.updateStatus(
            served.kind(),
            old.namespace(),
            old.name(),
            status -> {
              if (!status.isEmpty() && !status.equals(old.status())) {
                throw conflict(served, old); // written since we looked
              }
              return wanted.deepCopy();
            });
    send(served, updated, exchange);
  }

  private static SkepException conflict(ServedKind served, ApiObject old) {
    return new SkepException(
        Code.CONFLICT,
        "Operation cannot be fulfilled on %s \"%s\": the object has been modified; please apply your changes to the latest version and try again"
            .formatted(served.kind().resource(), old.name()));
  }
}
