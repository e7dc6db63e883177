package dev.skep.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Where the environment of a validated container comes from. */
final class EnvReader {
  private EnvReader() {}

  /** As in Kubernetes, variables of their own win over those of whole objects. */
  static List<EnvSource> env(JsonNode container) {
    var sources = new ArrayList<EnvSource>();
    for (JsonNode from : container.path("envFrom")) {
      reference(from.path("configMapRef"), from.path("secretRef"))
          .map(whole -> new EnvSource.AllKeys(from.path("prefix").asString(""), whole))
          .ifPresent(sources::add);
    }
    for (JsonNode variable : container.path("env")) {
      sources.add(variable(variable, container));
    }
    return sources;
  }

  private static EnvSource variable(JsonNode variable, JsonNode container) {
    String name = variable.path("name").asString("");
    JsonNode from = variable.path("valueFrom");
    JsonNode config = from.path("configMapKeyRef");
    JsonNode secret = from.path("secretKeyRef");
    Optional<InstanceField> field =
        InstanceField.parse(from.path("fieldRef").path("fieldPath").asString(""));
    if (field.isPresent()) {
      return new EnvSource.Field(name, field.get());
    }
    if (from.has("resourceFieldRef")) {
      return new EnvSource.Literal(
          name, ResourceField.value(from.path("resourceFieldRef"), container));
    }
    String key = config.path("key").asString(secret.path("key").asString(""));
    return reference(config, secret)
        .<EnvSource>map(object -> new EnvSource.OneKey(name, object, key))
        .orElseGet(() -> new EnvSource.Literal(name, variable.path("value").asString("")));
  }

  private static Optional<EnvSource.Reference> reference(JsonNode config, JsonNode secret) {
    if (!ServiceTemplates.isAbsent(config)) {
      return Optional.of(reference(EnvSource.Kind.CONFIG_MAP, config));
    }
    return ServiceTemplates.isAbsent(secret)
        ? Optional.empty()
        : Optional.of(reference(EnvSource.Kind.SECRET, secret));
  }

  private static EnvSource.Reference reference(EnvSource.Kind kind, JsonNode to) {
    return new EnvSource.Reference(
        kind, to.path("name").asString(""), to.path("optional").asBoolean(false));
  }
}
