package dev.skep.api;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is done to a Knative Service that a client sends: unknown fields are found, defaults filled
 * in, the result validated with Knative's messages. {@link ServiceTemplates} reads what passed.
 */
public final class KnativeServices {
  private KnativeServices() {}

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  public static Findings prune(ObjectNode service) {
    SchemaCheck check = SchemaCheck.of(KnativeSchemas.SERVICE, service);
    throwIfAny(check.errors());
    return new Findings(check.unknown(), check.withoutEffect());
  }

  /** Fills in what the client left out; expects a pruned object. */
  public static void applyDefaults(ObjectNode service) {
    ServiceDefaults.apply(service);
  }

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old what {@code service} is to replace
   */
  public static void validate(ApiObject service, Optional<ApiObject> old) {
    var errors = new FieldErrors();
    MetadataValidation.check(service, old, errors);
    ServiceValidation.check(service, errors);
    throwIfAny(errors);
  }

  private static void throwIfAny(FieldErrors errors) {
    if (!errors.isEmpty()) {
      throw new SkepException(SkepException.Code.INVALID, "validation failed: " + errors);
    }
  }
}
