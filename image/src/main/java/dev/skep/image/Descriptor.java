package dev.skep.image;

import tools.jackson.databind.JsonNode;

/**
 * What a manifest says of a blob.
 *
 * @param size bytes; -1 when not said
 */
record Descriptor(String mediaType, Digest digest, long size) {
  static Descriptor of(JsonNode json) {
    return new Descriptor(
        Json.text(json, "mediaType"),
        Digest.parse(Json.text(json, "digest")),
        json.path("size").asLong(-1));
  }
}
