package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.apiserver.ManagedFields.Entry;
import dev.skep.apiserver.ManagedFields.Writer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Server-side apply: what a manager applies becomes its own; what it had and no longer applies is
 * removed; what another manager has with another value is a conflict ({@code
 * sigs.k8s.io/structured-merge-diff}).
 */
record ServerSideApply(ServedKind served, Writer manager, boolean force) {
  /**
   * The next state of an object, with who has its fields. Fails with 409 on a conflict, unless
   * forced. Leaves {@code live} and {@code config} alone.
   *
   * @param live empty for a new object
   * @param admission defaults and validates: a value that they make the same is no conflict
   */
  ApiObject apply(
      ObjectNode live, ObjectNode config, Function<ObjectNode, ApiObject> admission, Instant now) {
    if (!config.at("/metadata/managedFields").isEmpty()) {
      throw ApiFailure.badRequest("metadata.managedFields must be nil");
    }
    ManagedFields managed = ManagedFields.of(live);
    NavigableSet<FieldPath> wanted = ObjectFields.of(served, config).paths();
    ObjectNode merged = merge(live, config);
    removeAbandoned(merged, managed, wanted);
    ApiObject admitted = admission.apply(merged);
    ObjectFields after = ObjectFields.of(served, admitted.json());
    Set<FieldPath> changed = after.changedSince(ObjectFields.of(served, live));
    changed.retainAll(wanted);
    Map<Entry, Set<FieldPath>> conflicts = conflicts(managed, changed);
    if (!force && !conflicts.isEmpty()) {
      throw failure(conflicts);
    }
    managed.written(manager, wanted, changed, after.paths(), now).writeTo(admitted.json());
    return admitted;
  }

  private Map<Entry, Set<FieldPath>> conflicts(ManagedFields managed, Set<FieldPath> changed) {
    var conflicts = new LinkedHashMap<Entry, Set<FieldPath>>();
    for (Entry other : managed.others(manager)) {
      var contested = new TreeSet<>(other.fields());
      contested.retainAll(changed);
      if (!contested.isEmpty()) {
        conflicts.put(other, contested);
      }
    }
    return conflicts;
  }

  private static ApiFailure failure(Map<Entry, Set<FieldPath>> conflicts) {
    int count = conflicts.values().stream().mapToInt(Set::size).sum();
    String message;
    if (count == 1) {
      var only = conflicts.entrySet().iterator().next();
      message =
          "Apply failed with 1 conflict: conflict with %s: %s"
              .formatted(only.getKey(), only.getValue().iterator().next());
    } else {
      message =
          "Apply failed with %d conflicts: %s"
              .formatted(
                  count,
                  conflicts.entrySet().stream()
                      .map(ServerSideApply::text)
                      .collect(Collectors.joining("\n")));
    }
    var failure = new ApiFailure(409, "Conflict", message);
    conflicts.forEach(
        (entry, paths) ->
            paths.forEach(
                path ->
                    failure.because(
                        "FieldManagerConflict", "conflict with " + entry, path.toString())));
    return failure;
  }

  private static String text(Map.Entry<Entry, Set<FieldPath>> conflict) {
    return "conflicts with %s:\n%s"
        .formatted(
            conflict.getKey(),
            conflict.getValue().stream()
                .map(path -> "- " + path)
                .collect(Collectors.joining("\n")));
  }

  private void removeAbandoned(ObjectNode merged, ManagedFields managed, Set<FieldPath> wanted) {
    var kept = new TreeSet<>(wanted);
    managed.others(manager).forEach(other -> kept.addAll(other.fields()));
    var abandoned = new TreeSet<>(managed.of(manager));
    abandoned.removeAll(kept);
    for (FieldPath path : abandoned.descendingSet()) { // what is inside goes first
      FieldPath next = kept.ceiling(path); // what is within a path follows it
      if (next == null || !next.isWithin(path)) {
        remove(merged, path.elements());
      }
    }
  }

  /** Takes out what is at the path, and the objects that are empty then. */
  private static void remove(JsonNode node, List<String> elements) {
    String element = elements.getFirst();
    JsonNode child = child(node, element);
    if (child.isMissingNode()) {
      return;
    }
    if (elements.size() > 1) {
      remove(child, elements.subList(1, elements.size()));
    }
    if (elements.size() == 1 || (child.isEmpty() && element.startsWith("f:"))) {
      switch (node) {
        case ObjectNode object -> object.remove(element.substring(2));
        case ArrayNode array -> array.removeIf(child::equals);
        default -> {}
      }
    }
  }

  private static JsonNode child(JsonNode node, String element) {
    String rest = element.substring(2);
    if (element.startsWith("f:")) {
      return node.path(rest);
    }
    for (JsonNode one : node) {
      boolean found =
          element.startsWith("v:")
              ? one.toString().equals(rest)
              : hasKey(one, ApiJson.mapper().readTree(rest));
      if (found) {
        return one;
      }
    }
    return JsonNodeFactory.instance.missingNode();
  }

  private static boolean hasKey(JsonNode element, JsonNode key) {
    var keyed = new PatchLists.Keyed(key.properties().stream().map(Map.Entry::getKey).toList());
    return keyed.key(element).equals(key);
  }

  private ObjectNode merge(ObjectNode live, ObjectNode config) {
    ObjectNode merged = live.deepCopy();
    for (Map.Entry<String, JsonNode> field : config.properties()) {
      String name = field.getKey();
      JsonNode value = Objects.requireNonNull(field.getValue());
      JsonNode old = merged.path(name);
      if (value.isNull()) {
        continue; // as if it were not there
      }
      merged.set(
          name,
          switch (value) {
            case ObjectNode object when old instanceof ObjectNode known -> merge(known, object);
            case ArrayNode array when old instanceof ArrayNode known -> merge(name, known, array);
            default -> value.deepCopy();
          });
    }
    return merged;
  }

  private ArrayNode merge(String name, ArrayNode live, ArrayNode config) {
    JsonNode sample = config.isEmpty() ? live.path(0) : config.path(0);
    return switch (PatchLists.of(served.isKnative(), name, sample)) {
      case PatchLists.Atomic _ -> config.deepCopy();
      case PatchLists.SetOf _ -> {
        ArrayNode merged = live.deepCopy();
        config.forEach(
            value -> {
              if (live.valueStream().noneMatch(value::equals)) {
                merged.add(value);
              }
            });
        yield merged;
      }
      case PatchLists.Keyed keyed -> merge(keyed, live, config);
    };
  }

  private ArrayNode merge(PatchLists.Keyed keyed, ArrayNode live, ArrayNode config) {
    var merged = new LinkedHashMap<JsonNode, JsonNode>();
    live.forEach(element -> merged.put(keyed.key(element), element));
    for (JsonNode element : config) {
      merged.merge(
          keyed.key(element),
          element,
          (old, applied) ->
              old instanceof ObjectNode known && applied instanceof ObjectNode object
                  ? merge(known, object)
                  : applied);
    }
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    merged.values().forEach(list::add);
    return list;
  }
}
