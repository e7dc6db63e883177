package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Objects in memory; it can be told to refuse all writes, as a full disk does. */
final class FakeStore implements ResourceStore {
  private final TreeMap<String, ApiObject> objects = new TreeMap<>();
  private long version;
  private boolean full;

  /** Told of each change, as a watch would be. */
  BiConsumer<ResourceKind, Event> changed = (_, _) -> {};

  synchronized void full(boolean now) {
    full = now;
  }

  private static String key(ResourceKind kind, String namespace, String name) {
    return kind.resource() + "/" + namespace + "/" + name;
  }

  private ApiObject put(ResourceKind kind, Event.Type type, ObjectNode json, boolean statusOnly) {
    if (full) {
      throw new SkepException(Code.EXHAUSTED, "store: no space left on device");
    }
    ObjectNode metadata = (ObjectNode) json.path("metadata");
    metadata.put("resourceVersion", Long.toString(++version));
    var object = new ApiObject(json);
    objects.put(key(kind, object.namespace(), object.name()), object);
    changed.accept(kind, new Event(type, ApiJson.bytes(json), statusOnly));
    return object;
  }

  @Override
  public synchronized ApiObject create(ResourceKind kind, ApiObject object) {
    if (objects.containsKey(key(kind, object.namespace(), object.name()))) {
      throw new SkepException(Code.ALREADY_EXISTS, object.name() + " exists");
    }
    ObjectNode json = object.copy();
    json.remove("status");
    ((ObjectNode) json.path("metadata"))
        .put("uid", "uid-" + (version + 1))
        .put("generation", 1)
        .put("creationTimestamp", "2026-01-01T00:00:00Z");
    return put(kind, Event.Type.ADDED, json, false);
  }

  @Override
  public synchronized Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    return Optional.ofNullable(objects.get(key(kind, namespace, name)));
  }

  private ApiObject require(ResourceKind kind, String namespace, String name) {
    return get(kind, namespace, name)
        .orElseThrow(() -> new SkepException(Code.NOT_FOUND, name + " not found"));
  }

  @Override
  public synchronized Listing list(ResourceKind kind, Optional<String> namespace) {
    String prefix = kind.resource() + "/" + namespace.map(name -> name + "/").orElse("");
    var found = objects.subMap(prefix, prefix + Character.MAX_VALUE).values();
    return new Listing(found.stream().map(one -> ApiJson.bytes(one.json())).toList(), version);
  }

  @Override
  public synchronized ApiObject replace(ResourceKind kind, ApiObject object) {
    ApiObject old = require(kind, object.namespace(), object.name());
    ObjectNode json = object.copy();
    if (old.json().has("status")) {
      json.set("status", old.json().path("status").deepCopy());
    }
    boolean newSpec = !old.spec().equals(object.spec());
    ((ObjectNode) json.path("metadata"))
        .put("uid", old.uid())
        .put("generation", old.generation() + (newSpec ? 1 : 0));
    return put(kind, Event.Type.MODIFIED, json, false);
  }

  @Override
  public synchronized ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    ApiObject old = require(kind, namespace, name);
    ObjectNode before =
        old.status() instanceof ObjectNode there
            ? there.deepCopy()
            : JsonNodeFactory.instance.objectNode();
    ObjectNode after = status.apply(before.deepCopy());
    if (Objects.equals(before, after)) {
      return old;
    }
    ObjectNode json = old.copy();
    json.set("status", after);
    return put(kind, Event.Type.MODIFIED, json, true);
  }

  @Override
  public synchronized ApiObject delete(ResourceKind kind, String namespace, String name) {
    ApiObject old = require(kind, namespace, name);
    objects.remove(key(kind, namespace, name));
    version++;
    changed.accept(kind, new Event(Event.Type.DELETED, old));
    return old;
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    throw new UnsupportedOperationException("tests call reconcile themselves");
  }

  @Override
  public void close() {}
}
