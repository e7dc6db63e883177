package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceStore.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.node.ObjectNode;

/** Writes that were decided but are not on the disk yet; nobody has been told of them. */
final class StagedWrites {
  private final Objects objects;
  private final Map<ObjectKey, Optional<byte[]>> newest = new HashMap<>();
  private final List<Change> changes = new ArrayList<>();
  private final List<CompletableFuture<ApiObject>> callers = new ArrayList<>();
  private final List<Runnable> answers = new ArrayList<>();
  private long version;

  StagedWrites(Objects objects, long version) {
    this.objects = objects;
    this.version = version;
  }

  void decide(ObjectKey key, Write.Decision decision, CompletableFuture<ApiObject> caller) {
    callers.add(caller);
    try {
      ApiObject result = stage(key, decision.on(current(key)));
      answers.add(() -> caller.complete(result));
    } catch (RuntimeException e) {
      answers.add(() -> caller.completeExceptionally(e));
    }
  }

  private Optional<ObjectNode> current(ObjectKey key) {
    return stored(key).map(ApiJson::parse);
  }

  private Optional<byte[]> stored(ObjectKey key) {
    Optional<byte[]> staged = newest.get(key);
    return staged == null ? objects.get(key) : staged;
  }

  private ApiObject stage(ObjectKey key, Write write) {
    return switch (write) {
      case Write.Put put -> {
        Event.Type type = stored(key).isPresent() ? Event.Type.MODIFIED : Event.Type.ADDED;
        yield add(key, type, put.object(), put.statusOnly());
      }
      case Write.Remove remove -> add(key, Event.Type.DELETED, remove.last(), false);
      case Write.Nothing nothing -> new ApiObject(nothing.object());
    };
  }

  private ApiObject add(ObjectKey key, Event.Type type, ObjectNode object, boolean statusOnly) {
    version++;
    object.withObject("metadata").put("resourceVersion", Long.toString(version));
    byte[] json = ApiJson.bytes(object);
    newest.put(key, type == Event.Type.DELETED ? Optional.empty() : Optional.of(json));
    changes.add(new Change(version, type, key, json, statusOnly));
    return new ApiObject(object);
  }

  List<Change> changes() {
    return changes;
  }

  /** Tells each caller what became of its write. */
  void answer() {
    answers.forEach(Runnable::run);
  }

  /** Tells all callers that nothing was written. */
  void fail(RuntimeException why) {
    callers.forEach(caller -> caller.completeExceptionally(why));
  }
}
