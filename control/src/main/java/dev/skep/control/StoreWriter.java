package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes to the store what the control thread decided, so that no start ever waits for a disk. Of
 * each object only the newest wish is written, and all in order: who sees that a Service is ready
 * finds its Configuration and Route so. What cannot be written is wished again at the next resync.
 * Safe for use by any thread.
 */
final class StoreWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWriter.class);

  /** What of an object a wish is about. */
  private enum Part {
    OBJECT,
    STATUS
  }

  private record Key(ResourceKind kind, ObjectName name, Part part) {}

  private final ResourceStore store;
  private final EventLog events;
  private final Clocks clocks;
  private final Executor executor;

  /** Guarded by this. */
  private final SequencedMap<Key, Runnable> wishes = new LinkedHashMap<>();

  private boolean draining;

  StoreWriter(ResourceStore store, EventLog events, Clocks clocks, Executor executor) {
    this.store = store;
    this.events = events;
    this.clocks = clocks;
    this.executor = executor;
  }

  /** Makes an object that is not there, and tells its owner of it. */
  void create(ResourceKind kind, ApiObject object) {
    wish(
        new Key(kind, ObjectName.of(object), Part.OBJECT),
        () -> {
          store.create(kind, object);
          String message = "Created %s \"%s\"".formatted(kind.kind(), object.name());
          Owners.controllerOf(object).ifPresent(owner -> events.normal(owner, "Created", message));
        });
  }

  /** Changes all but the status of an object as it is then. */
  void change(ResourceKind kind, ObjectName name, UnaryOperator<ObjectNode> change) {
    wish(
        new Key(kind, name, Part.OBJECT),
        () -> {
          Optional<ApiObject> there = store.get(kind, name.namespace(), name.name());
          there.ifPresent(
              object -> store.replace(kind, new ApiObject(change.apply(object.copy()))));
        });
  }

  /** Deletes this object, and no other that has its name by then. */
  void delete(ResourceKind kind, ObjectName name, String uid) {
    wish(
        new Key(kind, name, Part.OBJECT),
        () ->
            store
                .get(kind, name.namespace(), name.name())
                .filter(there -> there.uid().equals(uid))
                .ifPresent(_ -> store.delete(kind, name.namespace(), name.name())));
  }

  /**
   * Nothing is written where the object has that status already.
   *
   * @param object as it was read
   * @param wanted without the times of its conditions
   */
  void status(ResourceKind kind, ApiObject object, ObjectNode wanted) {
    var key = new Key(kind, ObjectName.of(object), Part.STATUS);
    if (isWished(key) || !isSame(object.status(), wanted)) {
      wish(key, () -> writeStatus(kind, object, wanted));
    }
  }

  /** Not into another object that has its name by now. */
  private void writeStatus(ResourceKind kind, ApiObject object, ObjectNode wanted) {
    Optional<ApiObject> there = store.get(kind, object.namespace(), object.name());
    if (there.filter(found -> found.uid().equals(object.uid())).isEmpty()) {
      return;
    }
    store.updateStatus(
        kind,
        object.namespace(),
        object.name(),
        before -> Conditions.withTimes(wanted, before, clocks.now()));
  }

  private static boolean isSame(JsonNode status, ObjectNode wanted) {
    if (!(status instanceof ObjectNode there)) {
      return false;
    }
    ObjectNode timeless = there.deepCopy();
    for (JsonNode condition : timeless.path("conditions")) {
      if (condition instanceof ObjectNode object) {
        object.remove("lastTransitionTime");
      }
    }
    return timeless.equals(ApiJson.parse(ApiJson.bytes(wanted)));
  }

  private synchronized boolean isWished(Key key) {
    return wishes.containsKey(key);
  }

  private synchronized void wish(Key key, Runnable write) {
    wishes.putLast(key, write);
    if (!draining) {
      draining = true;
      executor.execute(this::drain);
    }
  }

  private void drain() {
    Runnable next;
    while ((next = next()) != null) {
      try {
        next.run();
      } catch (SkepException e) {
        if (e.code() == Code.NOT_FOUND || e.code() == Code.CONFLICT) {
          LOG.debug("somebody was faster: {}", e.getMessage());
        } else {
          LOG.warn("an object was not written, and is at the next resync", e);
        }
      } catch (RuntimeException e) {
        LOG.error("an object was not written, and is at the next resync", e);
      }
    }
  }

  private synchronized @Nullable Runnable next() {
    if (wishes.isEmpty()) {
      draining = false;
      notifyAll();
      return null;
    }
    return wishes.pollFirstEntry().getValue();
  }

  /** Waits until all is written, at most this long. */
  synchronized void flush(long millis) throws InterruptedException {
    long end = System.nanoTime() + millis * 1_000_000;
    while (draining) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return;
      }
      wait(left);
    }
  }
}
