package dev.skep.api;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Checks what the environment of a container takes from elsewhere. */
final class EnvSourceValidation {
  private EnvSourceValidation() {}

  static void check(JsonNode container, String path, FieldErrors errors) {
    JsonNode env = container.path("env");
    for (int i = 0; i < env.size(); i++) {
      JsonNode from = env.get(i).path("valueFrom");
      String at = "%s.env[%d].valueFrom".formatted(path, i);
      if (!from.isMissingNode()) {
        valueFrom(from, at, errors);
        if (!env.get(i).path("value").asString("").isEmpty()) {
          errors.invalid("", at, "may not be specified when `value` is not empty");
        }
      }
    }
    JsonNode all = container.path("envFrom");
    for (int i = 0; i < all.size(); i++) {
      String at = "%s.envFrom[%d]".formatted(path, i);
      one(all.get(i), "configMapRef", "secretRef", at, errors);
      if (all.get(i).path("prefix").asString("").contains("=")) {
        errors.invalid(all.get(i).path("prefix").asString(""), at + ".prefix", "expected no '='");
      }
    }
  }

  private static void valueFrom(JsonNode from, String path, FieldErrors errors) {
    if (from.has("fieldRef") || from.has("resourceFieldRef")) {
      downward(from, path, false, errors);
      for (String other : List.of("configMapKeyRef", "secretKeyRef")) {
        if (from.has(other)) {
          errors.exactlyOne("both", List.of(path, path + "." + other));
        }
      }
      return;
    }
    one(from, "configMapKeyRef", "secretKeyRef", path, errors);
    key(from.path("configMapKeyRef"), path + ".configMapKeyRef.key", errors);
    key(from.path("secretKeyRef"), path + ".secretKeyRef.key", errors);
  }

  /**
   * What an instance is told of itself.
   *
   * @param maps whether it may be all labels or annotations
   */
  static void downward(JsonNode from, String path, boolean maps, FieldErrors errors) {
    if (from.has("fieldRef") == from.has("resourceFieldRef")) {
      errors.exactlyOne(
          from.has("fieldRef") ? "both" : "neither",
          List.of(path + ".fieldRef", path + ".resourceFieldRef"));
    } else if (from.has("resourceFieldRef")) {
      ResourceField.check(from.path("resourceFieldRef"), path + ".resourceFieldRef", errors);
    } else {
      String field = from.path("fieldRef").path("fieldPath").asString("");
      if (InstanceField.parse(field).filter(known -> maps || !known.isMap()).isEmpty()) {
        errors.invalid(field, path + ".fieldRef.fieldPath", InstanceField.EXPECTED);
      }
    }
  }

  private static void one(
      JsonNode from, String config, String secret, String path, FieldErrors errors) {
    if (from.has(config) == from.has(secret)) {
      errors.exactlyOne(
          from.has(config) ? "both" : "neither", List.of(path + "." + config, path + "." + secret));
    }
    for (String field : List.of(config, secret)) {
      if (from.has(field)) {
        String name = from.path(field).path("name").asString("");
        if (name.isEmpty()) {
          errors.missing("%s.%s.name".formatted(path, field));
        } else {
          Names.dns1123Subdomain(name)
              .forEach(
                  problem -> errors.invalid(name, "%s.%s.name".formatted(path, field), problem));
        }
      }
    }
  }

  private static void key(JsonNode reference, String path, FieldErrors errors) {
    if (!reference.isMissingNode() && reference.path("key").asString("").isEmpty()) {
      errors.missing(path);
    }
  }
}
