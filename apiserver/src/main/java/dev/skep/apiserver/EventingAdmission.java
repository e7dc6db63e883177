package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.EventingKind;
import dev.skep.api.Findings;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** A kind of Knative Eventing. */
record EventingAdmission(EventingKind rules) implements Admission {
  /** What clients of Knative see before every message of its validation. */
  private static final String DENIED =
      "admission webhook \"validation.webhook.eventing.knative.dev\" denied the request: ";

  @Override
  public Schema.ObjectOf schema() {
    return rules.schema();
  }

  @Override
  public Findings prune(ObjectNode object) {
    return denying(() -> rules.prune(object));
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    rules.applyDefaults(object);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    denying(
        () -> {
          rules.validate(object, old);
          return object;
        });
  }

  private static <T> T denying(Supplier<T> check) {
    try {
      return check.get();
    } catch (SkepException e) {
      throw new SkepException(e.code(), DENIED + e.getMessage(), e);
    }
  }
}
