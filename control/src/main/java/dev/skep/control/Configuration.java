package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.EnvSource;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The ConfigMaps and Secrets of a namespace, as they are now. */
public record Configuration(String namespace, ResourceStore store) {
  /**
   * The keys of an object and what they hold; empty where there is none.
   *
   * @param binary whether those of a ConfigMap's {@code binaryData} are among them
   */
  Optional<Map<String, byte[]>> find(EnvSource.Reference reference, boolean binary) {
    Optional<ApiObject> object = store.get(kind(reference.kind()), namespace, reference.name());
    return object.map(found -> values(reference.kind(), found.json(), binary));
  }

  private static ResourceKind kind(EnvSource.Kind kind) {
    return switch (kind) {
      case CONFIG_MAP -> ResourceKind.CONFIG_MAP;
      case SECRET -> ResourceKind.SECRET;
    };
  }

  private static Map<String, byte[]> values(EnvSource.Kind kind, JsonNode object, boolean binary) {
    var values = new LinkedHashMap<String, byte[]>();
    add(object.path("data"), kind == EnvSource.Kind.SECRET, values);
    if (binary) {
      add(object.path("binaryData"), true, values);
    }
    return values;
  }

  private static void add(JsonNode data, boolean isBase64, Map<String, byte[]> values) {
    for (Map.Entry<String, JsonNode> entry : data.properties()) {
      String text = Objects.requireNonNull(entry.getValue()).asString("");
      values.put(
          entry.getKey(),
          isBase64 ? Base64.getDecoder().decode(text) : text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** That there is none, where it is not optional. */
  String missing(EnvSource.Reference reference) {
    return "%s %s/%s does not exist (expected: it, or `optional: true`)"
        .formatted(reference.kind(), namespace, reference.name());
  }

  /** That it does not have a key. */
  String missing(EnvSource.Reference reference, String key, String use) {
    return "%s %s/%s has no key \"%s\" (expected: one, for %s)"
        .formatted(reference.kind(), namespace, reference.name(), key, use);
  }
}
