package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads YAML bodies; the mapper is made with the first one. */
final class Yaml {
  private static final YAMLMapper MAPPER = YAMLMapper.builder().build();

  private Yaml() {}

  static ObjectNode parse(byte[] yaml) {
    try {
      JsonNode node = MAPPER.readTree(yaml);
      if (node instanceof ObjectNode object) {
        return ApiJson.parse(ApiJson.bytes(object)); // the same bounds for both formats
      }
      throw new SkepException(
          Code.INVALID, "body: %s (expected: a YAML mapping)".formatted(node.getNodeType()));
    } catch (JacksonException e) {
      throw new SkepException(
          Code.INVALID, "body is no YAML mapping: " + e.getOriginalMessage(), e);
    }
  }
}
