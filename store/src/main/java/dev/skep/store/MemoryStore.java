package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.time.Clock;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * Objects in memory alone: what is made up of other things, or not worth a disk. It counts versions
 * of its own, and begins above those of all before it: a watch from before a restart fails with
 * GONE and lists again, as one that is behind the last 2,048 changes does.
 */
public final class MemoryStore implements ResourceStore {
  private static final int KEPT_CHANGES = 2_048;
  private static final long CHANGES_PER_MILLI = 1_000;

  private final Transitions transitions;
  private final Objects objects;
  private final Journal journal;

  /** Without versions, as they were shown last. */
  private final Map<ResourceKind, Map<ObjectKey, byte[]>> shown = new HashMap<>();

  private long version;

  public MemoryStore(Clock clock) {
    this.transitions = new Transitions(clock);
    this.version = Math.max(1, clock.millis() * CHANGES_PER_MILLI);
    this.objects = new Objects(List.of(), version);
    this.journal = new Journal(version, version, KEPT_CHANGES, KEPT_CHANGES);
  }

  /**
   * Makes these the only objects of a kind, with uid and times as they have them. One that is as it
   * was before keeps its version, and watches do not hear of it. For kinds that nobody writes.
   */
  public synchronized void show(ResourceKind kind, Collection<ApiObject> all) {
    Map<ObjectKey, byte[]> before = shown.getOrDefault(kind, Map.of());
    var now = new HashMap<ObjectKey, byte[]>();
    for (ApiObject object : all) {
      ObjectKey key = ObjectKey.of(kind, object.namespace(), object.name());
      byte[] json = ApiJson.bytes(object.json());
      now.put(key, json);
      if (!Arrays.equals(json, before.get(key))) {
        put(key, object);
      }
    }
    before.keySet().stream()
        .filter(key -> !now.containsKey(key))
        .forEach(key -> current(key).ifPresent(last -> change(Event.Type.DELETED, key, last)));
    shown.put(kind, now);
  }

  private void put(ObjectKey key, ApiObject object) {
    Optional<ObjectNode> there = current(key);
    Optional<ObjectNode> other =
        there.filter(found -> !new ApiObject(found).uid().equals(object.uid()));
    other.ifPresent(last -> change(Event.Type.DELETED, key, last));
    boolean same = there.isPresent() && other.isEmpty();
    change(same ? Event.Type.MODIFIED : Event.Type.ADDED, key, object.copy());
  }

  private Optional<ObjectNode> current(ObjectKey key) {
    return objects.get(key).map(ApiJson::parse);
  }

  private ApiObject change(Event.Type type, ObjectKey key, ObjectNode object) {
    version++;
    object.withObject("metadata").put("resourceVersion", Long.toString(version));
    var changes = List.of(new Change(version, type, key, ApiJson.bytes(object), false));
    objects.apply(changes);
    journal.append(changes);
    return new ApiObject(object);
  }

  @Override
  public synchronized ApiObject create(ResourceKind kind, ApiObject object) {
    ObjectKey key = ObjectKey.of(kind, object.namespace(), object.name());
    return change(Event.Type.ADDED, key, transitions.create(kind, object, current(key)));
  }

  @Override
  public synchronized ApiObject replace(ResourceKind kind, ApiObject object) {
    ObjectKey key = ObjectKey.of(kind, object.namespace(), object.name());
    ObjectNode there = SqliteStore.existing(kind, object.name(), current(key));
    return changed(key, transitions.replace(kind, object, there), there);
  }

  @Override
  public synchronized ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    ObjectKey key = ObjectKey.of(kind, namespace, name);
    ObjectNode there = SqliteStore.existing(kind, name, current(key));
    return changed(key, transitions.status(there, status), there);
  }

  private ApiObject changed(ObjectKey key, Optional<ObjectNode> next, ObjectNode there) {
    return next.map(object -> change(Event.Type.MODIFIED, key, object))
        .orElseGet(() -> new ApiObject(there));
  }

  @Override
  public synchronized ApiObject delete(ResourceKind kind, String namespace, String name) {
    ObjectKey key = ObjectKey.of(kind, namespace, name);
    return change(Event.Type.DELETED, key, SqliteStore.existing(kind, name, current(key)));
  }

  @Override
  public Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    return current(ObjectKey.of(kind, namespace, name)).map(ApiObject::new);
  }

  @Override
  public Listing list(ResourceKind kind, Optional<String> namespace) {
    return objects.list(kind, namespace);
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    return new JournalWatch(journal, (_, _) -> List.of(), kind, namespace, fromVersion);
  }

  /** Ends its watches. */
  @Override
  public void close() {
    journal.close();
  }
}
