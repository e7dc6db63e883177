package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.api.KnativeKind;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * Knative's kinds.
 *
 * @param store has the core Services, which share names with Services and Routes
 */
record KnativeAdmission(KnativeKind kind, ResourceStore store) implements Admission {
  /** What clients of Knative see before every message of its validation. */
  private static final String DENIED =
      "admission webhook \"validation.webhook.serving.knative.dev\" denied the request: ";

  @Override
  public Schema.ObjectOf schema() {
    return kind.schema();
  }

  @Override
  public Findings prune(ObjectNode object) {
    return denying(() -> kind.prune(object));
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    kind.applyDefaults(object, old);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    denying(
        () -> {
          kind.validate(object, old);
          return object;
        });
    boolean hasName = kind == KnativeKind.SERVICE || kind == KnativeKind.ROUTE;
    if (hasName && old.isEmpty()) {
      ClusterServiceAdmission.refuseNameOf(store, ResourceKind.SERVICE, object, "Service");
    }
  }

  private static <T> T denying(Supplier<T> check) {
    try {
      return check.get();
    } catch (SkepException e) {
      throw new SkepException(e.code(), DENIED + e.getMessage(), e);
    }
  }
}
