package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.Edit;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes to the store what the control thread decided, so that no start ever waits for a disk. What
 * is wished while the disk works is written together after it: of each object only the newest wish,
 * and all in order, for who sees that a Service is ready finds its Configuration and Route so. What
 * cannot be written is wished again at the next resync. Safe for use by any thread.
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
  private final SequencedMap<Key, Edit> wishes = new LinkedHashMap<>();

  private boolean draining;

  StoreWriter(ResourceStore store, EventLog events, Clocks clocks, Executor executor) {
    this.store = store;
    this.events = events;
    this.clocks = clocks;
    this.executor = executor;
  }

  /** Makes an object that is not there, and tells its owner of it. */
  void create(ResourceKind kind, ApiObject object) {
    wish(Part.OBJECT, new Edit.Create(kind, object));
  }

  /** Changes all but the status of an object as it is then. */
  void change(ResourceKind kind, ObjectName name, UnaryOperator<ObjectNode> change) {
    wish(Part.OBJECT, new Edit.Change(kind, name.namespace(), name.name(), change));
  }

  /** Deletes this object, and no other that has its name by then. */
  void delete(ResourceKind kind, ObjectName name, String uid) {
    wish(Part.OBJECT, new Edit.Delete(kind, name.namespace(), name.name(), uid));
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
      wish(
          Part.STATUS,
          new Edit.Status(
              kind,
              object.namespace(),
              object.name(),
              object.uid(),
              before -> Conditions.withTimes(wanted, before, clocks.now())));
    }
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
    return ApiJson.same(timeless, wanted);
  }

  private synchronized boolean isWished(Key key) {
    return wishes.containsKey(key);
  }

  private synchronized void wish(Part part, Edit edit) {
    var name = new ObjectName(edit.namespace(), edit.name());
    wishes.putLast(new Key(edit.kind(), name, part), edit);
    if (!draining) {
      draining = true;
      executor.execute(this::drain);
    }
  }

  private void drain() {
    for (List<Edit> next = next(); !next.isEmpty(); next = next()) {
      Set<Edit> lost = Collections.newSetFromMap(new IdentityHashMap<>());
      store.writeAll(
          next,
          (edit, why) -> {
            lost.add(edit);
            failed(edit, why);
          });
      List<Edit.Create> made =
          next.stream()
              .filter(edit -> !lost.contains(edit))
              .flatMap(edit -> edit instanceof Edit.Create create ? Stream.of(create) : Stream.of())
              .toList();
      if (!made.isEmpty()) {
        executor.execute(() -> made.forEach(this::tell)); // the next writes do not wait for it
      }
    }
  }

  /** Tells its owner of an object that was made. */
  private void tell(Edit.Create made) {
    String message = "Created %s \"%s\"".formatted(made.kind().kind(), made.name());
    Owners.controllerOf(made.object()).ifPresent(owner -> events.normal(owner, "Created", message));
  }

  private static void failed(Edit edit, RuntimeException why) {
    String what = "%s %s/%s".formatted(edit.kind().resource(), edit.namespace(), edit.name());
    if (why instanceof SkepException e) {
      if (List.of(Code.NOT_FOUND, Code.CONFLICT, Code.ALREADY_EXISTS).contains(e.code())) {
        LOG.debug("somebody was faster: {}", e.getMessage());
      } else {
        LOG.warn("{} was not written, and is at the next resync", what, e);
      }
    } else {
      LOG.error("{} was not written, and is at the next resync", what, why);
    }
  }

  /** All that is wished, which is then written together. */
  private synchronized List<Edit> next() {
    List<Edit> next = List.copyOf(wishes.values());
    wishes.clear();
    if (next.isEmpty()) {
      draining = false;
      notifyAll();
    }
    return next;
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
