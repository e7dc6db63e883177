package dev.skep.api;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is done to a PersistentVolumeClaim that a client sends ({@code pkg/apis/core/validation}).
 */
public final class VolumeClaim {
  private static final Set<String> MODES = Set.of("ReadWriteOnce", "ReadWriteOncePod");

  private VolumeClaim() {}

  /** How much it asks for, as it was written. */
  public static String storage(ApiObject claim) {
    return claim.spec().path("resources").path("requests").path("storage").asString("");
  }

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  public static Findings prune(ObjectNode object) {
    return SchemaCheck.findings(KubernetesSchemas.CLAIM, object);
  }

  public static void applyDefaults(ObjectNode object) {
    ObjectNode spec = object.withObject("spec");
    if (!spec.has("volumeMode")) {
      spec.put("volumeMode", "Filesystem");
    }
  }

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old what {@code object} is to replace
   */
  public static void validate(ApiObject object, Optional<ApiObject> old) {
    var errors = new KubernetesErrors();
    ObjectMeta.check(object, Names::dns1123Subdomain, errors);
    JsonNode spec = object.spec();
    if (spec.path("accessModes").isEmpty()) {
      errors.required("spec.accessModes", "at least 1 access mode is required");
    }
    for (String mode : ServiceTemplates.texts(spec.path("accessModes"))) {
      if (!MODES.contains(mode)) {
        errors.unsupported("spec.accessModes", mode, MODES);
      }
    }
    String volumeMode = spec.path("volumeMode").asString("Filesystem");
    if (!volumeMode.equals("Filesystem")) {
      errors.unsupported("spec.volumeMode", volumeMode, List.of("Filesystem"));
    }
    storage(object, old, errors);
    old.filter(before -> !before.spec().path("accessModes").equals(spec.path("accessModes")))
        .ifPresent(
            _ ->
                errors.forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
    errors.throwIfAny();
  }

  private static void storage(ApiObject object, Optional<ApiObject> old, KubernetesErrors errors) {
    String path = "spec.resources[storage]";
    String written = storage(object);
    if (written.isEmpty()) {
      errors.required(path);
      return;
    }
    Optional<Quantity> amount = Quantity.tryParse(written);
    if (amount.isEmpty() || amount.get().value().signum() <= 0) {
      errors.invalid(path, written, "must be greater than zero");
      return;
    }
    old.flatMap(before -> Quantity.tryParse(storage(before)))
        .filter(before -> before.value().compareTo(amount.get().value()) > 0)
        .ifPresent(
            _ ->
                errors.forbidden(
                    "spec.resources.requests.storage",
                    "field can not be less than previous value"));
  }
}
