package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Create, read, replace, patch and delete, the same for every kind. */
final class ResourceHandler {
  private static final int CONFLICT_BUDGET = 5;

  private final ResourceStore store;
  private final Namespaces namespaces;
  private final ListHandler lists;
  private final WatchHandler watches;

  ResourceHandler(ResourceStore store, Namespaces namespaces) {
    this.store = store;
    this.namespaces = namespaces;
    this.lists = new ListHandler(store);
    this.watches = new WatchHandler(store);
  }

  void handle(ServedKind served, ResourcePath path, Exchange exchange) {
    try {
      dispatch(served, path, exchange);
    } catch (SkepException e) {
      ResourceKind kind = served.kind();
      throw ApiFailure.of(e).about(kind.group(), kind.plural(), path.name().orElse(""));
    }
  }

  private void dispatch(ServedKind served, ResourcePath path, Exchange exchange) {
    if (path.subresource().isPresent()) {
      subresource(served, path, exchange);
      return;
    }
    if (!served.allows(exchange.method())) {
      throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
    boolean collection = path.name().isEmpty();
    switch (exchange.method()) {
      case "GET" -> read(served, path, exchange);
      case "POST" -> {
        if (!collection) {
          throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
        }
        create(served, path, exchange);
      }
      case "PUT" -> replace(served, path, exchange);
      case "PATCH" -> patch(served, path, exchange);
      case "DELETE" -> delete(served, path, exchange);
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }

  private void read(ServedKind served, ResourcePath path, Exchange exchange) {
    if (exchange.flag("watch")) {
      watches.watch(served, path, exchange);
    } else if (path.name().isEmpty()) {
      lists.list(served, path.namespace(), exchange);
    } else {
      ApiObject object = existing(served, path, exchange);
      ObjectNode metadata = ApiJson.object();
      metadata.put("resourceVersion", Long.toString(object.resourceVersion()));
      exchange.send(
          Tables.wanted(exchange) ? Tables.of(served, List.of(object), metadata) : object.json());
    }
  }

  private void subresource(ServedKind served, ResourcePath path, Exchange exchange) {
    if (!path.subresource().equals(Optional.of("status"))) {
      throw ApiFailure.notFound(exchange.pathText());
    }
    if (!exchange.method().equals("GET")) {
      throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
    exchange.send(existing(served, path, exchange).json());
  }

  private ApiObject existing(ServedKind served, ResourcePath path, Exchange exchange) {
    String name = name(path, exchange);
    return store
        .get(served.kind(), namespace(path, exchange), name)
        .orElseThrow(
            () ->
                new SkepException(
                    Code.NOT_FOUND,
                    "%s \"%s\" not found".formatted(served.kind().resource(), name)));
  }

  private static String namespace(ResourcePath path, Exchange exchange) {
    return path.namespace()
        .orElseThrow(() -> ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText()));
  }

  private static String name(ResourcePath path, Exchange exchange) {
    return path.name()
        .orElseThrow(() -> ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText()));
  }

  private void create(ServedKind served, ResourcePath path, Exchange exchange) {
    String namespace = namespace(path, exchange);
    namespaces.check(namespace);
    ApiObject object = new Incoming(served, exchange).created(exchange.object(), namespace);
    if (!isDryRun(exchange)) {
      exchange.send(201, store.create(served.kind(), object).json());
    } else if (store.get(served.kind(), namespace, object.name()).isPresent()) {
      throw new SkepException(
          Code.ALREADY_EXISTS,
          "%s \"%s\" already exists".formatted(served.kind().resource(), object.name()));
    } else {
      exchange.send(201, object.json());
    }
  }

  private static boolean isDryRun(Exchange exchange) {
    Optional<String> dryRun = exchange.query("dryRun").filter(value -> !value.isEmpty());
    if (dryRun.isPresent() && !dryRun.get().equals("All")) {
      throw ApiFailure.badRequest(
          "query parameter dryRun: \"%s\" (expected: All)".formatted(dryRun.get()));
    }
    return dryRun.isPresent();
  }

  private void replace(ServedKind served, ResourcePath path, Exchange exchange) {
    ApiObject old = existing(served, path, exchange);
    ApiObject object = new Incoming(served, exchange).replacing(exchange.object(), old);
    if (object.resourceVersion() == 0) {
      String message =
          "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update";
      throw new ApiFailure(
              422,
              "Invalid",
              "%s \"%s\" is invalid: %s".formatted(served.kind().resource(), old.name(), message))
          .about(served.kind().group(), served.kind().kind(), old.name())
          .because(
              "FieldValueInvalid",
              "Invalid value: 0x0: must be specified for an update",
              "metadata.resourceVersion");
    }
    store(served, object, exchange);
  }

  private void store(ServedKind served, ApiObject object, Exchange exchange) {
    exchange.send(isDryRun(exchange) ? object.json() : store.replace(served.kind(), object).json());
  }

  private void patch(ServedKind served, ResourcePath path, Exchange exchange) {
    var patch = new PatchRequest(exchange.contentType(), exchange.body(), exchange);
    for (int attempt = 1; ; attempt++) {
      ApiObject old = existing(served, path, exchange);
      ObjectNode patched = patch.on(old.json());
      ApiObject object = new Incoming(served, exchange).replacing(patched, old);
      try {
        store(served, object, exchange);
        return;
      } catch (SkepException e) {
        boolean raced =
            e.code() == Code.CONFLICT && object.resourceVersion() == old.resourceVersion();
        if (!raced || attempt == CONFLICT_BUDGET) {
          throw e;
        }
      }
    }
  }

  private void delete(ServedKind served, ResourcePath path, Exchange exchange) {
    ApiObject old = existing(served, path, exchange);
    DeleteOptions.read(exchange).check(served.kind(), old);
    if (!isDryRun(exchange)) {
      store.delete(served.kind(), old.namespace(), old.name());
    }
    ObjectNode status = ApiJson.object();
    status.put("kind", "Status").put("apiVersion", "v1");
    status.putObject("metadata");
    status.put("status", "Success");
    ObjectNode details = status.putObject("details");
    details.put("name", old.name()).put("group", served.kind().group());
    details.put("kind", served.kind().plural()).put("uid", old.uid());
    exchange.send(status);
  }
}
