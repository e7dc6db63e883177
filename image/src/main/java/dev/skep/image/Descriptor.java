package dev.skep.image;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What a manifest says of a blob.
 *
 * @param size bytes; -1 when not said
 */
record Descriptor(String mediaType, Digest digest, long size, Map<String, String> annotations) {
  Descriptor {
    annotations = Map.copyOf(annotations);
  }

  static Descriptor of(JsonNode json) {
    return new Descriptor(
        Json.text(json, "mediaType"),
        Digest.parse(Json.text(json, "digest")),
        json.path("size").asLong(-1),
        annotations(json.path("annotations")));
  }

  private static Map<String, String> annotations(JsonNode json) {
    Map<String, String> all = new HashMap<>();
    json.propertyNames().forEach(key -> all.put(key, Json.text(json, key)));
    return all;
  }
}
