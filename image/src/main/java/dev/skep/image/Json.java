package dev.skep.image;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the JSON documents of images: what is wrong with them is the image's fault. */
final class Json {
  static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  static JsonNode object(byte[] document, String what) {
    JsonNode node = parse(document, what);
    if (!node.isObject()) {
      throw Invalid.image(what + ": not a JSON object");
    }
    return node;
  }

  static JsonNode parse(byte[] document, String what) {
    try {
      return MAPPER.readTree(document);
    } catch (JacksonException e) {
      throw new dev.skep.api.SkepException(
          dev.skep.api.SkepException.Code.INVALID,
          what + ": not JSON: " + e.getOriginalMessage(),
          e);
    }
  }

  static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }

  static List<String> strings(JsonNode array, String what) {
    List<String> strings = new ArrayList<>();
    if (array.isMissingNode() || array.isNull()) {
      return strings;
    }
    if (!array.isArray()) {
      throw Invalid.image(what + ": expected a list of strings");
    }
    for (JsonNode element : array) {
      if (!element.isString()) {
        throw Invalid.image(what + ": expected a list of strings");
      }
      strings.add(element.asString());
    }
    return strings;
  }
}
