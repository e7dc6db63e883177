package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The two ways of changing a part of an object; both leave their arguments alone. */
final class Patches {
  private Patches() {}

  /** JSON merge patch (RFC 7386): null removes, objects merge, the rest replaces. */
  static ObjectNode merge(ObjectNode target, ObjectNode patch) {
    ObjectNode merged = target.deepCopy();
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      String name = field.getKey();
      JsonNode value = Objects.requireNonNull(field.getValue());
      if (value.isNull()) {
        merged.remove(name);
      } else if (value instanceof ObjectNode object) {
        ObjectNode old = merged.get(name) instanceof ObjectNode known ? known : ApiJson.object();
        merged.set(name, merge(old, object));
      } else {
        merged.set(name, value.deepCopy());
      }
    }
    return merged;
  }

  /** JSON patch (RFC 6902). */
  static ObjectNode apply(ObjectNode target, JsonNode operations) {
    if (!operations.isArray()) {
      throw new SkepException(
          Code.INVALID, "JSON patch: %s (expected: an array)".formatted(operations.getNodeType()));
    }
    JsonNode patched = target.deepCopy();
    for (JsonNode operation : operations) {
      patched = JsonPatchOperation.read(operation).on(patched);
    }
    if (patched instanceof ObjectNode object) {
      return object;
    }
    throw new SkepException(Code.INVALID, "JSON patch: leaves no object");
  }
}
