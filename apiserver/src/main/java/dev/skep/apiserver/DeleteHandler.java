package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Deletes objects, one or many. An object with finalizers is marked, and goes with the last of
 * them. What belongs to an object is removed by who made it, whatever the propagation policy.
 */
final class DeleteHandler {
  private final ResourceStore store;
  private final Namespaces namespaces;

  DeleteHandler(ResourceStore store, Namespaces namespaces) {
    this.store = store;
    this.namespaces = namespaces;
  }

  void one(ServedKind served, ApiObject object, Exchange exchange) {
    DeleteOptions options = DeleteOptions.read(exchange);
    options.check(served.kind(), object);
    Optional<ApiObject> left = options.dryRun() ? Optional.empty() : remove(served, object);
    exchange.send(left.map(ApiObject::json).orElseGet(() -> success(served.kind(), object)));
  }

  void all(ServedKind served, Optional<String> namespace, Exchange exchange) {
    DeleteOptions options = DeleteOptions.read(exchange);
    Selector selector = Selector.of(served, exchange);
    List<ApiObject> deleted = new ArrayList<>();
    ResourceStore.Listing listing = store.list(served.kind(), namespace);
    for (ApiObject object : listing.items()) {
      if (selector.matches(object)) {
        deleted.add(options.dryRun() ? object : removeIfThere(served, object).orElse(object));
      }
    }
    ObjectNode metadata = ApiJson.object();
    metadata.put("resourceVersion", Long.toString(listing.version()));
    exchange.send(View.of(exchange).list(served, deleted, metadata));
  }

  private Optional<ApiObject> removeIfThere(ServedKind served, ApiObject object) {
    try {
      return remove(served, object);
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND) {
        return Optional.empty(); // somebody was faster
      }
      throw e;
    }
  }

  /** The object as it stays until its finalizers are gone; empty for one that is gone. */
  private Optional<ApiObject> remove(ServedKind served, ApiObject object) {
    if (served.kind().equals(ResourceKind.NAMESPACE)) {
      return Optional.of(namespaces.delete(object));
    }
    if (object.json().at("/metadata/finalizers").isEmpty()) {
      store.delete(served.kind(), object.namespace(), object.name());
      return Optional.empty();
    }
    return Optional.of(isMarked(object) ? object : mark(served, object));
  }

  private ApiObject mark(ServedKind served, ApiObject object) {
    ObjectNode marked = object.copy();
    marked
        .withObject("metadata")
        .put("deletionTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
        .put("deletionGracePeriodSeconds", 0);
    return store.replace(served.kind(), new ApiObject(marked));
  }

  /** Deletes a marked object that has just lost its last finalizer. */
  void finish(ServedKind served, ApiObject object) {
    if (isMarked(object) && object.json().at("/metadata/finalizers").isEmpty()) {
      removeIfThere(served, object);
    }
  }

  private static boolean isMarked(ApiObject object) {
    return object.json().path("metadata").has("deletionTimestamp");
  }

  private static ObjectNode success(ResourceKind kind, ApiObject object) {
    ObjectNode status = ApiJson.object();
    status.put("kind", "Status").put("apiVersion", "v1");
    status.putObject("metadata");
    status.put("status", "Success");
    ObjectNode details = status.putObject("details");
    details.put("name", object.name()).put("group", kind.group());
    details.put("kind", kind.plural()).put("uid", object.uid());
    return status;
  }
}
