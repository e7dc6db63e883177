package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.api.KubernetesSchemas;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** A kind of Kubernetes' own: what is wrong is answered as its API server does, with 422. */
record KubernetesAdmission(
    ResourceKind of,
    Schema.ObjectOf schema,
    Function<ObjectNode, Findings> pruning,
    Consumer<ObjectNode> defaults,
    BiConsumer<ApiObject, Optional<ApiObject>> validation)
    implements Admission {

  /** A kind without defaults, of which nothing is known but its shape. */
  static KubernetesAdmission bySchema(
      ResourceKind of,
      Schema.ObjectOf schema,
      BiConsumer<ApiObject, Optional<ApiObject>> validation) {
    return new KubernetesAdmission(
        of, schema, object -> KubernetesSchemas.prune(schema, object), _ -> {}, validation);
  }

  @Override
  public Findings prune(ObjectNode object) {
    return refusing(new ApiObject(object).name(), () -> pruning.apply(object));
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    defaults.accept(object);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    refusing(
        object.name(),
        () -> {
          validation.accept(object, old);
          return object;
        });
  }

  private <T> T refusing(String name, Supplier<T> check) {
    try {
      return check.get();
    } catch (SkepException e) {
      if (e.code() != Code.INVALID) {
        throw e;
      }
      String kind = of.group().isEmpty() ? of.kind() : of.kind() + "." + of.group();
      throw new ApiFailure(
              422, "Invalid", "%s \"%s\" is invalid: %s".formatted(kind, name, e.getMessage()))
          .about(of.group(), of.kind(), name);
    }
  }
}
