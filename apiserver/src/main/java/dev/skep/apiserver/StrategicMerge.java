package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Strategic merge patch: merge patch that knows the keys of lists, with directives whose names
 * begin with a dollar sign ({@code apimachinery/pkg/util/strategicpatch}). Leaves its arguments
 * alone.
 */
final class StrategicMerge {
  private static final String DIRECTIVE = "$patch";
  private static final String ORDER = "$setElementOrder/";
  private static final String DELETE_VALUES = "$deleteFromPrimitiveList/";
  private static final String RETAIN = "$retainKeys";

  private StrategicMerge() {}

  static ObjectNode merge(ObjectNode target, ObjectNode patch) {
    switch (patch.path(DIRECTIVE).asString("merge")) {
      case "merge" -> {}
      case "replace" -> {
        ObjectNode replaced = patch.deepCopy();
        replaced.remove(DIRECTIVE);
        return replaced;
      }
      case "delete" -> {
        return JsonNodeFactory.instance.objectNode();
      }
      default -> throw failure("unknown directive $patch: " + patch.path(DIRECTIVE));
    }
    ObjectNode merged = target.deepCopy();
    if (patch.has(RETAIN)) {
      merged.retain(words(patch.path(RETAIN)));
    }
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      if (!field.getKey().startsWith("$")) {
        set(merged, field.getKey(), Objects.requireNonNull(field.getValue()));
      }
    }
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      direct(merged, field.getKey(), Objects.requireNonNull(field.getValue()));
    }
    return merged;
  }

  private static void set(ObjectNode merged, String name, JsonNode value) {
    JsonNode old = merged.path(name);
    if (value.isNull()) {
      merged.remove(name);
    } else if (value instanceof ObjectNode object) {
      merged.set(name, merge(old instanceof ObjectNode known ? known : empty(), object));
    } else if (value instanceof ArrayNode list) {
      merged.set(name, list(name, old instanceof ArrayNode known ? known : emptyList(), list));
    } else {
      merged.set(name, value);
    }
  }

  private static ArrayNode list(String field, ArrayNode old, ArrayNode patch) {
    JsonNode sample = old.isEmpty() ? patch.path(0) : old.path(0);
    return switch (PatchLists.of(false, field, sample)) {
      case PatchLists.Atomic _ -> patch.deepCopy();
      case PatchLists.SetOf _ -> union(old, patch);
      case PatchLists.Keyed keyed -> keyed(field, keyed.first(), old, patch);
    };
  }

  private static ArrayNode union(ArrayNode old, ArrayNode patch) {
    ArrayNode union = old.deepCopy();
    for (JsonNode value : patch) {
      if (!contains(union, value)) {
        union.add(value);
      }
    }
    return union;
  }

  private static boolean contains(ArrayNode list, JsonNode value) {
    return list.valueStream().anyMatch(value::equals);
  }

  private static ArrayNode keyed(String field, String key, ArrayNode old, ArrayNode patch) {
    boolean replace =
        patch
            .valueStream()
            .anyMatch(element -> element.path(DIRECTIVE).asString("").equals("replace"));
    ArrayNode merged = replace ? emptyList() : old.deepCopy();
    for (JsonNode element : patch) {
      if (!(element instanceof ObjectNode object)) {
        throw failure("%s: %s (expected: objects)".formatted(field, element));
      }
      String directive = object.path(DIRECTIVE).asString("");
      if (directive.equals("replace")) {
        continue;
      }
      JsonNode name = object.path(key);
      if (name.isMissingNode()) {
        throw failure("map: %s does not contain declared merge key: %s".formatted(field, key));
      }
      int at = find(merged, key, name).orElse(merged.size());
      if (directive.equals("delete")) {
        merged.remove(at);
      } else if (at == merged.size()) {
        merged.add(merge(empty(), object));
      } else {
        merged.set(at, merge((ObjectNode) merged.get(at), object));
      }
    }
    return merged;
  }

  private static Optional<Integer> find(ArrayNode list, String key, JsonNode name) {
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i).isObject() && list.get(i).path(key).equals(name)) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  private static void direct(ObjectNode merged, String directive, JsonNode value) {
    if (directive.startsWith(DELETE_VALUES)) {
      String field = directive.substring(DELETE_VALUES.length());
      if (merged.get(field) instanceof ArrayNode list && value instanceof ArrayNode gone) {
        list.removeIf(element -> contains(gone, element));
      }
    } else if (directive.startsWith(ORDER)) {
      String field = directive.substring(ORDER.length());
      if (merged.get(field) instanceof ArrayNode list && value instanceof ArrayNode order) {
        merged.set(field, ordered(field, list, order));
      }
    }
  }

  /** Elements that the order names, in that order; the others keep their places behind those. */
  private static ArrayNode ordered(String field, ArrayNode list, ArrayNode order) {
    List<JsonNode> elements = new ArrayList<>(list.valueStream().toList());
    PatchLists kind = PatchLists.of(false, field, list.path(0));
    elements.sort(Comparator.comparingInt(element -> place(kind, element, order)));
    ArrayNode ordered = emptyList();
    elements.forEach(ordered::add);
    return ordered;
  }

  private static int place(PatchLists kind, JsonNode element, ArrayNode order) {
    for (int i = 0; i < order.size(); i++) {
      JsonNode wanted = order.get(i);
      boolean same =
          kind instanceof PatchLists.Keyed keyed
              ? wanted.path(keyed.first()).equals(element.path(keyed.first()))
              : wanted.equals(element);
      if (same) {
        return i;
      }
    }
    return order.size();
  }

  private static List<String> words(JsonNode list) {
    return list.valueStream().map(word -> word.asString("")).toList();
  }

  private static ObjectNode empty() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ArrayNode emptyList() {
    return JsonNodeFactory.instance.arrayNode();
  }

  private static SkepException failure(String what) {
    return new SkepException(Code.INVALID, "strategic merge patch: " + what);
  }
}
