package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.store.ResourceKind;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What the objects that nobody stores have in common; pure. */
final class ShownObjects {
  private ShownObjects() {}

  /** One that follows another, has its name unless it is given another, and goes with it. */
  static ObjectNode following(
      ApiObject owner, ResourceKind ownerKind, ResourceKind kind, String name) {
    ObjectNode object = ApiJson.object();
    object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("namespace", owner.namespace()).put("name", name);
    byte[] identity = (kind.resource() + "/" + owner.uid()).getBytes(StandardCharsets.UTF_8);
    metadata.put("uid", UUID.nameUUIDFromBytes(identity).toString());
    metadata.put("generation", 1);
    JsonNode created = owner.json().at("/metadata/creationTimestamp");
    metadata.put("creationTimestamp", created.asString(""));
    Owners.set(metadata, ownerKind, owner);
    return object;
  }

  static void annotate(ObjectNode object, Map<String, String> labels, ApiObject from) {
    ObjectNode metadata = object.withObject("metadata");
    ServiceObjects.put(metadata.putObject("labels"), labels);
    ObjectNode annotations = metadata.putObject("annotations");
    from.annotations()
        .forEach(
            (key, value) -> {
              if (!key.equals(Keys.LAST_APPLIED)) {
                annotations.put(key, value);
              }
            });
  }

  /** Adds a condition that has been so since then. */
  static ObjectNode condition(ObjectNode status, String type, Condition condition, Instant since) {
    Conditions.add(status, type, condition.status(), condition.reason(), condition.message());
    JsonNode conditions = status.path("conditions");
    return ((ObjectNode) conditions.path(conditions.size() - 1))
        .put("lastTransitionTime", since.truncatedTo(ChronoUnit.SECONDS).toString());
  }

  static Instant created(ApiObject object) {
    return time(object.json().at("/metadata/creationTimestamp"));
  }

  /** The epoch where there is none: clients may write what they like into a status. */
  static Instant time(JsonNode text) {
    try {
      return Instant.parse(text.asString(""));
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }
}
