package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Who has set which fields of an object: {@code metadata.managedFields}. */
final class ManagedFields {
  /**
   * Somebody who writes.
   *
   * @param applies whether by server-side apply; the same name is two managers otherwise
   */
  record Writer(String name, boolean applies, String apiVersion) {
    private static final int LONGEST_NAME = 128;

    /** Named by {@code fieldManager}, or by what is before the slash of the client's name. */
    static Writer of(ServedKind served, boolean applies, Exchange exchange) {
      Optional<String> given = exchange.query("fieldManager").filter(name -> !name.isEmpty());
      if (applies && given.isEmpty()) {
        throw ApiFailure.invalid(
            "PatchOptions.meta.k8s.io",
            "",
            "fieldManager: Required value: is required for apply patch");
      }
      if (given.isPresent() && given.get().length() > LONGEST_NAME) {
        throw ApiFailure.invalid(
            "PatchOptions.meta.k8s.io",
            "",
            "fieldManager: Too long: may not be more than %d bytes".formatted(LONGEST_NAME));
      }
      String agent = exchange.header("User-Agent").orElse("unknown").split("/", 2)[0];
      return new Writer(given.orElse(agent), applies, served.kind().apiVersion());
    }

    boolean isSameAs(Writer other) {
      return name.equals(other.name) && applies == other.applies;
    }
  }

  /** What one manager has set, and when last. */
  record Entry(Writer manager, String time, NavigableSet<FieldPath> fields) {
    /** As messages of conflicts name it. */
    @Override
    public String toString() {
      String quoted = "\"" + manager.name + "\"";
      if (manager.applies) {
        return quoted;
      }
      String when = time.isEmpty() ? "" : " at " + time;
      return quoted + " using " + manager.apiVersion + when;
    }

    private ObjectNode json() {
      ObjectNode json = ApiJson.object();
      json.put("manager", manager.name).put("operation", manager.applies ? "Apply" : "Update");
      json.put("apiVersion", manager.apiVersion).put("time", time).put("fieldsType", "FieldsV1");
      json.set("fieldsV1", ObjectFields.json(fields));
      return json;
    }

    static Entry read(JsonNode json) {
      return new Entry(
          new Writer(
              json.path("manager").asString(""),
              json.path("operation").asString("").equals("Apply"),
              json.path("apiVersion").asString("")),
          json.path("time").asString(""),
          ObjectFields.paths(json.path("fieldsV1")));
    }
  }

  private final List<Entry> entries;

  ManagedFields(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  static ManagedFields of(ObjectNode object) {
    var entries = new ArrayList<Entry>();
    object.at("/metadata/managedFields").forEach(json -> entries.add(Entry.read(json)));
    return new ManagedFields(entries);
  }

  List<Entry> entries() {
    return entries;
  }

  /** What that manager has set so far. */
  Set<FieldPath> of(Writer manager) {
    return entries.stream()
        .filter(entry -> entry.manager.isSameAs(manager))
        .findFirst()
        .map(Entry::fields)
        .orElseGet(TreeSet::new);
  }

  List<Entry> others(Writer manager) {
    return entries.stream().filter(entry -> !entry.manager.isSameAs(manager)).toList();
  }

  /** After a write that is no apply: who changes a field has it alone. */
  ManagedFields updated(ObjectFields before, ObjectFields after, Writer manager, Instant now) {
    Set<FieldPath> changed = after.changedSince(before);
    boolean removed = before.paths().stream().anyMatch(path -> !after.paths().contains(path));
    if (changed.isEmpty() && !removed) {
      return this;
    }
    var own = new TreeSet<>(of(manager));
    own.addAll(changed);
    return written(manager, own, changed, after.paths(), now);
  }

  /**
   * After a write: the manager has its fields, and the others no longer what it took.
   *
   * @param own all that the manager has set now
   * @param taken what it changed of that
   * @param there what the object has: what is gone is nobody's
   */
  ManagedFields written(
      Writer manager, Set<FieldPath> own, Set<FieldPath> taken, Set<FieldPath> there, Instant now) {
    var next = new ArrayList<Entry>();
    boolean same = of(manager).equals(own) && taken.isEmpty();
    for (Entry entry : entries) {
      if (entry.manager.isSameAs(manager)) {
        if (same) {
          next.add(entry);
        }
        continue;
      }
      var left = new TreeSet<>(entry.fields);
      left.removeAll(taken);
      left.retainAll(there);
      if (!left.isEmpty()) {
        next.add(new Entry(entry.manager, entry.time, left));
      }
    }
    var mine = new TreeSet<>(own);
    mine.retainAll(there);
    if (!same && !mine.isEmpty()) {
      String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
      next.add(new Entry(manager, time, mine));
    }
    return new ManagedFields(next);
  }

  void writeTo(ObjectNode object) {
    ObjectNode metadata = object.withObject("metadata");
    metadata.remove("managedFields");
    if (!entries.isEmpty()) {
      ArrayNode list = metadata.putArray("managedFields");
      entries.forEach(entry -> list.add(entry.json()));
    }
  }
}
