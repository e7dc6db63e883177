package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.KnativeSettings;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * The namespaces that exist, as objects of the store, and what belongs to them. Safe for use by
 * several threads.
 */
final class Namespaces {
  static final String DEFAULT = "default";

  /** Where Knative's ConfigMaps of settings are. */
  private static final ResourceKind KIND = ResourceKind.NAMESPACE;

  private final ResourceStore store;
  private final Kinds kinds;
  // Nothing may be created in a namespace while it is being marked as one that ends.
  private final ReadWriteLock creations = new ReentrantReadWriteLock();

  Namespaces(ResourceStore store, Kinds kinds) {
    this.store = store;
    this.kinds = kinds;
  }

  /** Makes the namespaces that are always there, and finishes what a crash has interrupted. */
  void begin() {
    ensure(DEFAULT);
    ensure(KnativeSettings.NAMESPACE);
    store.list(KIND, Optional.empty()).items().stream()
        .filter(Namespaces::isEnding)
        .forEach(this::end);
  }

  private void ensure(String name) {
    if (store.get(KIND, "", name).isEmpty()) {
      ObjectNode object = ApiJson.object();
      object.put("apiVersion", KIND.apiVersion()).put("kind", KIND.kind());
      object.putObject("metadata").put("name", name);
      new NamespaceAdmission().applyDefaults(object, Optional.empty());
      create(new ApiObject(object));
    }
  }

  ApiObject create(ApiObject namespace) {
    store.create(KIND, namespace);
    return phase(namespace.name(), "Active");
  }

  private ApiObject phase(String name, String phase) {
    return store.updateStatus(KIND, "", name, status -> status.put("phase", phase));
  }

  /** Creates something in a namespace. Fails with 404 or 403 where that may not have it. */
  ApiObject creating(ServedKind served, ApiObject object, Supplier<ApiObject> creation) {
    if (!served.kind().namespaced()) {
      return creation.get();
    }
    creations.readLock().lock();
    try {
      check(served, object.namespace(), object.name());
      return creation.get();
    } finally {
      creations.readLock().unlock();
    }
  }

  /** Fails with 404 or 403 where the namespace may not have such an object now. */
  void check(ServedKind served, String name, String object) {
    if (!served.kind().namespaced()) {
      return;
    }
    ApiObject namespace =
        store
            .get(KIND, "", name)
            .orElseThrow(
                () ->
                    new ApiFailure(404, "NotFound", "namespaces \"%s\" not found".formatted(name))
                        .about("", "namespaces", name));
    if (isEnding(namespace)) {
      throw new ApiFailure(
              403,
              "Forbidden",
              "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being terminated"
                  .formatted(served.kind().resource(), object, name))
          .about(served.kind().group(), served.kind().plural(), object)
          .because(
              "NamespaceTerminating",
              "namespace %s is being terminated".formatted(name),
              "metadata.namespace");
    }
  }

  private static boolean isEnding(ApiObject namespace) {
    return namespace.status().path("phase").asString("").equals("Terminating");
  }

  /** Removes all that is in it, and itself. */
  ApiObject delete(ApiObject namespace) {
    if (namespace.name().equals(DEFAULT)) {
      throw new ApiFailure(
              403,
              "Forbidden",
              "namespaces \"default\" is forbidden: this namespace may not be deleted")
          .about("", "namespaces", DEFAULT);
    }
    creations.writeLock().lock();
    try {
      ObjectNode marked = namespace.copy();
      marked
          .withObject("metadata")
          .put("deletionTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
      store.replace(KIND, new ApiObject(marked));
      namespace = phase(namespace.name(), "Terminating");
    } finally {
      creations.writeLock().unlock();
    }
    end(namespace);
    return namespace;
  }

  private void end(ApiObject namespace) {
    for (ServedKind served : kinds.served()) {
      if (served.kind().namespaced()) {
        store
            .list(served.kind(), Optional.of(namespace.name()))
            .items()
            .forEach(one -> remove(served.kind(), one));
      }
    }
    remove(KIND, namespace);
  }

  private void remove(ResourceKind kind, ApiObject object) {
    try {
      store.delete(kind, object.namespace(), object.name());
    } catch (SkepException e) {
      if (e.code() != Code.NOT_FOUND) { // somebody was faster
        throw e;
      }
    }
  }
}
