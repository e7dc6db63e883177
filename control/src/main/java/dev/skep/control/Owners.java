package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who controls which object. One whose owner is gone does not count any more, whether or not it was
 * deleted yet.
 */
record Owners(ResourceStore store) {
  private static final Map<String, ResourceKind> KINDS =
      Map.of(
          "Service", ResourceKind.KNATIVE_SERVICE,
          "Configuration", ResourceKind.CONFIGURATION,
          "Route", ResourceKind.ROUTE);

  /** Of Revisions and core Services. */
  private static final int LOWEST = 2;

  private record Reference(String apiVersion, String kind, String name, String uid) {}

  /** Writes into an object's metadata that {@code owner} controls it. */
  static void set(ObjectNode metadata, ResourceKind kind, ApiObject owner) {
    metadata
        .putArray("ownerReferences")
        .addObject()
        .put("apiVersion", kind.apiVersion())
        .put("kind", kind.kind())
        .put("name", owner.name())
        .put("uid", owner.uid())
        .put("controller", true)
        .put("blockOwnerDeletion", true);
  }

  static boolean controls(ApiObject owner, ApiObject object) {
    return controller(object).filter(found -> found.uid().equals(owner.uid())).isPresent();
  }

  /** What controls it, for events; empty for an owner of a kind that is not Knative's. */
  static Optional<EventLog.About> controllerOf(ApiObject object) {
    return controller(object)
        .filter(owner -> KINDS.containsKey(owner.kind()))
        .map(
            owner ->
                new EventLog.About(
                    Objects.requireNonNull(KINDS.get(owner.kind())),
                    object.namespace(),
                    owner.name(),
                    owner.uid()));
  }

  private static Optional<Reference> controller(ApiObject object) {
    for (JsonNode reference : object.json().at("/metadata/ownerReferences")) {
      if (reference.path("controller").asBoolean(false)) {
        return Optional.of(
            new Reference(
                reference.path("apiVersion").asString(""),
                reference.path("kind").asString(""),
                reference.path("name").asString(""),
                reference.path("uid").asString("")));
      }
    }
    return Optional.empty();
  }

  /** The object, if it is there and its owners are. */
  Optional<ApiObject> find(ResourceKind kind, ObjectName name) {
    return store
        .get(kind, name.namespace(), name.name())
        .filter(object -> isAlive(object, rank(kind.apiVersion(), kind.kind())));
  }

  boolean isAlive(ApiObject object) {
    JsonNode json = object.json();
    return isAlive(
        object, rank(json.path("apiVersion").asString(""), json.path("kind").asString("")));
  }

  /** Owners that are not of a kind above it, which users may have named, do not count. */
  private boolean isAlive(ApiObject object, int rank) {
    Optional<Reference> controller =
        controller(object)
            .or(() -> former(object))
            .filter(reference -> rank(reference.apiVersion(), reference.kind()) < rank);
    return controller.map(reference -> isAlive(object.namespace(), reference)).orElse(true);
  }

  private boolean isAlive(String namespace, Reference reference) {
    ResourceKind kind = KINDS.get(reference.kind());
    return kind == null
        || find(kind, new ObjectName(namespace, reference.name()))
            .filter(owner -> owner.uid().equals(reference.uid()))
            .isPresent();
  }

  /** How far below a Service: who climbs from owner to owner comes to an end. */
  private static int rank(String apiVersion, String kind) {
    ResourceKind found = KINDS.get(kind);
    if (found == null || !found.apiVersion().equals(apiVersion)) {
      return LOWEST;
    }
    return found.equals(ResourceKind.KNATIVE_SERVICE) ? 0 : 1;
  }

  /** Revisions that were stored before there were Configurations name their Service in labels. */
  private static Optional<Reference> former(ApiObject object) {
    Map<String, String> labels = object.labels();
    boolean isFormer =
        List.of(Keys.SERVICE, Keys.SERVICE_UID, Keys.GENERATION).stream()
            .allMatch(labels::containsKey);
    return isFormer
        ? Optional.of(
            new Reference(
                ResourceKind.KNATIVE_SERVICE.apiVersion(),
                "Service",
                labels.getOrDefault(Keys.SERVICE, ""),
                labels.getOrDefault(Keys.SERVICE_UID, "")))
        : Optional.empty();
  }
}
