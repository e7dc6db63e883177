package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** The namespaces that exist: a fixed list for now. */
final class Namespaces {
  private static final List<String> NAMES = List.of("default");

  private final Instant created;

  Namespaces(Instant created) {
    this.created = created.truncatedTo(ChronoUnit.SECONDS);
  }

  void check(String namespace) {
    if (!NAMES.contains(namespace)) {
      throw new SkepException(
          Code.NOT_FOUND,
          "namespaces \"%s\" not found (expected: %s)"
              .formatted(namespace, String.join(", ", NAMES)));
    }
  }

  void handle(ResourcePath path, Exchange exchange) {
    if (!exchange.method().equals("GET")) {
      throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
    if (path.name().isEmpty()) {
      exchange.send(list());
      return;
    }
    if (!NAMES.contains(path.name().get())) {
      throw new ApiFailure(
              404, "NotFound", "namespaces \"%s\" not found".formatted(path.name().get()))
          .about("", "namespaces", path.name().get());
    }
    exchange.send(namespace(path.name().get()).put("kind", "Namespace").put("apiVersion", "v1"));
  }

  private ObjectNode list() {
    ObjectNode list = ApiJson.object();
    list.put("kind", "NamespaceList").put("apiVersion", "v1");
    list.putObject("metadata").put("resourceVersion", "1");
    var items = list.putArray("items");
    NAMES.forEach(name -> items.add(namespace(name)));
    return list;
  }

  private ObjectNode namespace(String name) {
    ObjectNode namespace = ApiJson.object();
    ObjectNode metadata = namespace.putObject("metadata");
    metadata.put("name", name).put("resourceVersion", "1");
    metadata.put("creationTimestamp", created.toString());
    metadata.putObject("labels").put("kubernetes.io/metadata.name", name);
    namespace.putObject("spec");
    namespace.putObject("status").put("phase", "Active");
    return namespace;
  }
}
