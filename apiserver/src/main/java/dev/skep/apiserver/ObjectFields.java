package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object as the fields that somebody may own: values, lists that merge as a whole, and elements
 * of keyed lists. What the server writes, and the status, are not among them.
 */
final class ObjectFields {
  private static final Set<String> OF_SERVER = Set.of("apiVersion", "kind", "status");
  private static final Set<String> METADATA_OF_SERVER =
      Set.of(
          "name",
          "generateName",
          "namespace",
          "uid",
          "resourceVersion",
          "generation",
          "creationTimestamp",
          "deletionTimestamp",
          "deletionGracePeriodSeconds",
          "selfLink",
          "managedFields");

  private final boolean custom;
  private final TreeMap<FieldPath, JsonNode> values = new TreeMap<>();

  private ObjectFields(boolean custom) {
    this.custom = custom;
  }

  static ObjectFields of(ServedKind served, ObjectNode object) {
    var fields = new ObjectFields(served.isKnative());
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      if (entry.getKey().equals("metadata") && entry.getValue() instanceof ObjectNode metadata) {
        ObjectNode owned = metadata.deepCopy();
        owned.remove(METADATA_OF_SERVER);
        fields.children(FieldPath.ROOT.field("metadata"), owned);
      } else if (!OF_SERVER.contains(entry.getKey())) {
        fields.add(
            FieldPath.ROOT.field(entry.getKey()),
            entry.getKey(),
            Objects.requireNonNull(entry.getValue()));
      }
    }
    return fields;
  }

  private void add(FieldPath path, String name, JsonNode value) {
    switch (value) {
      case ObjectNode object when !object.isEmpty() -> children(path, object);
      case ArrayNode array when !array.isEmpty() -> elements(path, name, array);
      default -> values.put(path, value);
    }
  }

  private void children(FieldPath path, ObjectNode object) {
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      add(path.field(entry.getKey()), entry.getKey(), Objects.requireNonNull(entry.getValue()));
    }
  }

  private void elements(FieldPath path, String name, ArrayNode array) {
    switch (PatchLists.of(custom, name, array.path(0))) {
      case PatchLists.Atomic _ -> values.put(path, array);
      case PatchLists.SetOf _ -> array.forEach(value -> values.put(path.with("v:" + value), value));
      case PatchLists.Keyed keyed -> {
        for (JsonNode element : array) {
          ObjectNode key = keyed.key(element);
          FieldPath item = path.with("k:" + key);
          values.put(item, key);
          if (element instanceof ObjectNode object) {
            children(item, object);
          }
        }
      }
    }
  }

  NavigableSet<FieldPath> paths() {
    return Collections.unmodifiableNavigableSet(values.navigableKeySet());
  }

  /** Fields that are new or have another value than before. */
  Set<FieldPath> changedSince(ObjectFields before) {
    var changed = new TreeSet<FieldPath>();
    values.forEach(
        (path, value) -> {
          if (!value.equals(before.values.get(path))) {
            changed.add(path);
          }
        });
    return changed;
  }

  /** {@code FieldsV1}. */
  static ObjectNode json(Collection<FieldPath> paths) {
    ObjectNode root = ApiJson.object();
    for (FieldPath path : paths) {
      ObjectNode node = root;
      for (String element : path.elements()) {
        node = node.get(element) instanceof ObjectNode known ? known : node.putObject(element);
      }
      node.putObject("."); // taken out again where nothing is beside it
    }
    tidy(root);
    return root;
  }

  private static void tidy(ObjectNode node) {
    if (node.size() == 1) {
      node.remove(".");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getValue() instanceof ObjectNode child) {
        tidy(child);
      }
    }
  }

  /** From {@code FieldsV1}. */
  static NavigableSet<FieldPath> paths(JsonNode json) {
    var paths = new TreeSet<FieldPath>();
    collect(json, FieldPath.ROOT, paths);
    return paths;
  }

  private static void collect(JsonNode json, FieldPath at, Set<FieldPath> paths) {
    if (json.isEmpty() && !at.elements().isEmpty()) {
      paths.add(at);
    }
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      if (entry.getKey().equals(".")) {
        paths.add(at);
      } else if (FieldPath.isElement(entry.getKey())) {
        collect(Objects.requireNonNull(entry.getValue()), at.with(entry.getKey()), paths);
      }
    }
  }
}
