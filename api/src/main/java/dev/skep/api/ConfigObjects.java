package dev.skep.api;

import static dev.skep.api.Schema.Scalar.BOOLEAN;
import static dev.skep.api.Schema.Scalar.STRING;
import static dev.skep.api.Schema.map;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is done to ConfigMaps and Secrets that a client sends, by the rules of Kubernetes ({@code
 * pkg/apis/core/validation}). No message tells a text of them.
 */
public final class ConfigObjects {
  /** Most bytes of all values together. */
  static final int LARGEST = 1 << 20;

  private static final Pattern KEY = Pattern.compile("[-._a-zA-Z0-9]{1,253}");
  private static final Schema.ObjectOf CONFIG_MAP =
      KnativeSchemas.ofKind()
          .with("immutable", BOOLEAN)
          .with("data", map(STRING))
          .with("binaryData", map(STRING));
  private static final Schema.ObjectOf SECRET =
      KnativeSchemas.ofKind()
          .with("immutable", BOOLEAN)
          .with("type", STRING)
          .with("data", map(STRING))
          .with("stringData", map(STRING));

  private ConfigObjects() {}

  /** The shape of the kind. */
  public static Schema.ObjectOf schema(EnvSource.Kind kind) {
    return switch (kind) {
      case CONFIG_MAP -> CONFIG_MAP;
      case SECRET -> SECRET;
    };
  }

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  public static Findings prune(EnvSource.Kind kind, ObjectNode object) {
    return SchemaCheck.findings(schema(kind), object);
  }

  /** A Secret's {@code stringData} becomes part of its {@code data}. */
  public static void applyDefaults(EnvSource.Kind kind, ObjectNode object) {
    if (kind == EnvSource.Kind.CONFIG_MAP) {
      return;
    }
    if (object.path("type").asString("").isEmpty()) {
      object.put("type", "Opaque");
    }
    if (object.remove("stringData") instanceof ObjectNode texts) {
      ObjectNode data = object.withObject("data");
      ServiceTemplates.strings(texts)
          .forEach(
              (key, text) ->
                  data.put(
                      key,
                      Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
    }
  }

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old what {@code object} is to replace
   */
  public static void validate(EnvSource.Kind kind, ApiObject object, Optional<ApiObject> old) {
    var errors = new FieldErrors();
    Names.dns1123Subdomain(object.name())
        .forEach(problem -> errors.invalid(object.name(), "metadata.name", problem));
    MetadataValidation.labels(object, errors);
    long size =
        switch (kind) {
          case CONFIG_MAP ->
              texts(object.json().path("data"), errors)
                  + bytes(object.json().path("binaryData"), "binaryData", errors);
          case SECRET -> bytes(object.json().path("data"), "data", errors);
        };
    if (size > LARGEST) {
      errors.add("too long: %d bytes, expected at most %d".formatted(size, LARGEST), "", "data");
    }
    for (String key : ServiceTemplates.strings(object.json().path("binaryData")).keySet()) {
      if (object.json().path("data").has(key)) {
        errors.add("duplicate of key present in data", "", "binaryData[" + key + "]");
      }
    }
    old.ifPresent(before -> unchanged(object.json(), before.json(), errors));
    errors.throwIfAny();
  }

  private static long texts(JsonNode data, FieldErrors errors) {
    long size = 0;
    for (Map.Entry<String, JsonNode> entry : data.properties()) {
      key(entry.getKey(), "data", errors);
      size += text(entry).getBytes(StandardCharsets.UTF_8).length;
    }
    return size;
  }

  private static long bytes(JsonNode data, String field, FieldErrors errors) {
    long size = 0;
    for (Map.Entry<String, JsonNode> entry : data.properties()) {
      key(entry.getKey(), field, errors);
      try {
        size += Base64.getDecoder().decode(text(entry)).length;
      } catch (IllegalArgumentException e) {
        errors.add("illegal base64 data", "", "%s[%s]".formatted(field, entry.getKey()));
      }
    }
    return size;
  }

  private static String text(Map.Entry<String, JsonNode> entry) {
    return Objects.requireNonNull(entry.getValue()).asString("");
  }

  private static void key(String key, String field, FieldErrors errors) {
    if (!KEY.matcher(key).matches() || key.equals(".") || key.startsWith("..")) {
      errors.invalidKey(
          key,
          field,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name'), at most 253 of them");
    }
  }

  private static void unchanged(ObjectNode object, ObjectNode old, FieldErrors errors) {
    if (!object.path("type").equals(old.path("type"))) {
      errors.add("field is immutable", "", "type");
    }
    if (old.path("immutable").asBoolean(false)) {
      for (String field : List.of("immutable", "data", "binaryData")) {
        if (!object.path(field).equals(old.path(field))) {
          errors.add("field is immutable when `immutable` is set", "", field);
        }
      }
    }
  }
}
