package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.api.KnativeSchemas;
import dev.skep.api.KnativeServices;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Knative's Service.
 *
 * @param store has the core Services, which share its names
 */
record ServiceAdmission(ResourceStore store) implements Admission {
  /** What clients of Knative see before every message of its validation. */
  private static final String DENIED =
      "admission webhook \"validation.webhook.serving.knative.dev\" denied the request: ";

  @Override
  public Schema.ObjectOf schema() {
    return KnativeSchemas.SERVICE;
  }

  @Override
  public Findings prune(ObjectNode object) {
    return denying(() -> KnativeServices.prune(object));
  }

  @Override
  public void applyDefaults(ObjectNode object) {
    KnativeServices.applyDefaults(object);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    denying(
        () -> {
          KnativeServices.validate(object, old);
          return object;
        });
    if (old.isEmpty()) {
      ClusterServiceAdmission.refuseNameOf(store, ResourceKind.SERVICE, object, "Service");
    }
  }

  private static <T> T denying(java.util.function.Supplier<T> check) {
    try {
      return check.get();
    } catch (SkepException e) {
      throw new SkepException(e.code(), DENIED + e.getMessage(), e);
    }
  }
}
