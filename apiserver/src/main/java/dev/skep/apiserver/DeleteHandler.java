package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.OwnedObjects;
import dev.skep.store.OwnedObjects.Propagation;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Deletes objects, one or many, with what they own as the propagation policy says. An object with
 * finalizers is marked, and goes with the last of them.
 */
final class DeleteHandler {
  private final ResourceStore store;
  private final OwnedObjects owned;
  private final Namespaces namespaces;

  DeleteHandler(ResourceStore store, Namespaces namespaces) {
    this.store = store;
    this.owned = new OwnedObjects(store);
    this.namespaces = namespaces;
  }

  void one(ServedKind served, ApiObject object, Exchange exchange) {
    DeleteOptions options = DeleteOptions.read(exchange);
    options.check(served.kind(), object);
    Optional<ApiObject> left =
        options.dryRun() ? Optional.empty() : remove(served, object, options.propagation());
    exchange.send(left.map(ApiObject::json).orElseGet(() -> success(served.kind(), object)));
  }

  void all(ServedKind served, Optional<String> namespace, Exchange exchange) {
    DeleteOptions options = DeleteOptions.read(exchange);
    Selector selector = Selector.of(served, exchange);
    List<ApiObject> deleted = new ArrayList<>();
    ResourceStore.Listing listing = store.list(served.kind(), namespace);
    for (ApiObject object : listing.items()) {
      if (selector.matches(object)) {
        deleted.add(
            options.dryRun()
                ? object
                : removeIfThere(served, object, options.propagation()).orElse(object));
      }
    }
    ObjectNode metadata = ApiJson.object();
    metadata.put("resourceVersion", Long.toString(listing.version()));
    exchange.send(View.of(exchange).list(served, deleted, metadata));
  }

  private Optional<ApiObject> removeIfThere(
      ServedKind served, ApiObject object, Propagation propagation) {
    try {
      return remove(served, object, propagation);
    } catch (SkepException e) {
      if (e.code() == Code.NOT_FOUND) {
        return Optional.empty(); // somebody was faster
      }
      throw e;
    }
  }

  /** The object as it stays until its finalizers are gone; empty for one that is gone. */
  private Optional<ApiObject> remove(ServedKind served, ApiObject object, Propagation propagation) {
    return served.kind().equals(ResourceKind.NAMESPACE)
        ? Optional.of(namespaces.delete(object))
        : owned.delete(served.kind(), object, propagation);
  }

  /** Deletes a marked object that has just lost its last finalizer. */
  void finish(ServedKind served, ApiObject object) {
    if (object.isEnding() && object.json().at("/metadata/finalizers").isEmpty()) {
      removeIfThere(served, object, Propagation.BACKGROUND);
    }
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
