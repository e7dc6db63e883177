package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.control.Instances;
import dev.skep.store.Edit;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * The store as clients see it: instances of functions are pods in it, which can be read and listed.
 * They are no objects: watches do not tell of them.
 */
final class StoreWithInstances implements ResourceStore {
  private final ResourceStore store;
  private final Instances instances;

  StoreWithInstances(ResourceStore store, Instances instances) {
    this.store = store;
    this.instances = instances;
  }

  @Override
  public Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    Optional<ApiObject> stored = store.get(kind, namespace, name);
    return stored.isPresent() || !kind.equals(ResourceKind.POD)
        ? stored
        : list(kind, Optional.of(namespace)).items().stream()
            .filter(pod -> pod.name().equals(name))
            .findFirst();
  }

  @Override
  public Listing list(ResourceKind kind, Optional<String> namespace) {
    Listing stored = store.list(kind, namespace);
    if (!kind.equals(ResourceKind.POD)) {
      return stored;
    }
    List<ApiObject> all = new ArrayList<>(stored.items());
    String version = Long.toString(stored.version());
    for (ApiObject pod : instances.pods()) {
      if (namespace.isEmpty() || namespace.get().equals(pod.namespace())) {
        ObjectNode shown = pod.copy();
        shown.withObject("metadata").put("resourceVersion", version);
        all.add(new ApiObject(shown));
      }
    }
    all.sort(Comparator.comparing(ApiObject::namespace).thenComparing(ApiObject::name));
    return new Listing(
        all.stream().map(pod -> ApiJson.bytes(pod.json())).toList(), stored.version());
  }

  @Override
  public ApiObject delete(ResourceKind kind, String namespace, String name) {
    if (kind.equals(ResourceKind.POD) && instances.ofPod(namespace, name).isPresent()) {
      throw new SkepException(
          Code.FORBIDDEN,
          "pods \"%s\" is an instance of a function: it ends once nobody needs it".formatted(name));
    }
    return store.delete(kind, namespace, name);
  }

  @Override
  public ApiObject create(ResourceKind kind, ApiObject object) {
    return store.create(kind, object);
  }

  @Override
  public ApiObject replace(ResourceKind kind, ApiObject object) {
    return store.replace(kind, object);
  }

  @Override
  public ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    return store.updateStatus(kind, namespace, name, status);
  }

  @Override
  public void writeAll(List<Edit> edits, BiConsumer<Edit, RuntimeException> failed) {
    store.writeAll(edits, failed);
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    return store.watch(kind, namespace, fromVersion);
  }

  /** Does nothing: the store is its owner's to close. */
  @Override
  public void close() {}
}
