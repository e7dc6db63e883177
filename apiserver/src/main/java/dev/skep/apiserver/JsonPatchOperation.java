package dev.skep.apiserver;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One operation of a JSON patch (RFC 6902). */
record JsonPatchOperation(String op, JsonPointer path, JsonPointer from, JsonNode value) {
  static JsonPatchOperation read(JsonNode json) {
    return new JsonPatchOperation(
        json.path("op").asString(""),
        pointer(json, "path"),
        pointer(json, "from"),
        json.path("value"));
  }

  private static JsonPointer pointer(JsonNode json, String field) {
    String text = json.path(field).asString("");
    try {
      return JsonPointer.compile(text);
    } catch (IllegalArgumentException e) {
      throw new SkepException(
          Code.INVALID, "JSON patch: %s \"%s\" is no JSON pointer".formatted(field, text), e);
    }
  }

  /** The document after it; {@code document} itself may be changed. */
  JsonNode on(JsonNode document) {
    return switch (op) {
      case "add" -> add(document, path, required(value));
      case "remove" -> remove(document, path);
      case "replace" -> add(removeForReplace(document), path, required(value));
      case "move" -> {
        JsonNode moved = required(document.at(from)).deepCopy();
        yield add(remove(document, from), path, moved);
      }
      case "copy" -> add(document, path, required(document.at(from)).deepCopy());
      case "test" -> test(document);
      default ->
          throw failure(
              "operation \"%s\" (expected: add, remove, replace, move, copy or test)"
                  .formatted(op));
    };
  }

  private JsonNode removeForReplace(JsonNode document) {
    return path.matches() ? document : remove(document, path);
  }

  private JsonNode test(JsonNode document) {
    if (!document.at(path).equals(value)) {
      throw failure("test failed: found %s".formatted(document.at(path)));
    }
    return document;
  }

  private JsonNode required(JsonNode node) {
    if (node.isMissingNode()) {
      throw failure("nothing to put there");
    }
    return node;
  }

  private JsonNode add(JsonNode document, JsonPointer where, JsonNode node) {
    if (where.matches()) {
      return node;
    }
    JsonPointer last = where.last();
    switch (document.at(where.head())) {
      case ObjectNode object -> object.set(last.getMatchingProperty(), node);
      case ArrayNode array -> array.insert(index(last, array.size(), array.size()), node);
      default -> throw failure("nothing is at " + where.head());
    }
    return document;
  }

  private JsonNode remove(JsonNode document, JsonPointer where) {
    if (where.matches() || document.at(where).isMissingNode()) {
      throw failure("nothing is at " + where);
    }
    JsonPointer last = where.last();
    switch (document.at(where.head())) {
      case ObjectNode object -> object.remove(last.getMatchingProperty());
      case ArrayNode array -> array.remove(index(last, array.size() - 1, -1));
      default -> throw failure("nothing is at " + where);
    }
    return document;
  }

  private int index(JsonPointer last, int most, int end) {
    if (last.getMatchingProperty().equals("-") && end >= 0) {
      return end;
    }
    int index = last.getMatchingIndex();
    if (index < 0 || index > most) {
      throw failure("index %s (expected: 0 to %d)".formatted(last.getMatchingProperty(), most));
    }
    return index;
  }

  private SkepException failure(String what) {
    return new SkepException(Code.INVALID, "JSON patch: %s %s: %s".formatted(op, path, what));
  }
}
