package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.api.ObjectRules;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * A kind of Knative's.
 *
 * @param component of Knative, whose webhook its clients see refuse: {@code serving}
 * @param create refuses objects that cannot be made beside what there is
 */
record KnativeAdmission(ObjectRules rules, String component, Consumer<ApiObject> create)
    implements Admission {
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
    rules.applyDefaults(object, old);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    denying(
        () -> {
          rules.validate(object, old);
          return object;
        });
    if (old.isEmpty()) {
      create.accept(object);
    }
  }

  private <T> T denying(Supplier<T> check) {
    try {
      return check.get();
    } catch (SkepException e) {
      throw new SkepException(
          e.code(),
          "admission webhook \"validation.webhook.%s.knative.dev\" denied the request: %s"
              .formatted(component, e.getMessage()),
          e);
    }
  }
}
