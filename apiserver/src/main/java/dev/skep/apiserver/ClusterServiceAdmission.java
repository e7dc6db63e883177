package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.ClusterService;
import dev.skep.api.Findings;
import dev.skep.api.KubernetesSchemas;
import dev.skep.api.Schema;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** The core Service: it gets its address here and keeps it. */
final class ClusterServiceAdmission implements Admission {
  private final ResourceStore store;
  private final ServiceAddresses addresses;
  private final KubernetesAdmission rules =
      new KubernetesAdmission(
          ResourceKind.SERVICE,
          KubernetesSchemas.SERVICE,
          ClusterService::prune,
          ClusterService::applyDefaults,
          this::validateAll);

  ClusterServiceAdmission(ResourceStore store, ServiceAddresses addresses) {
    this.store = store;
    this.addresses = addresses;
  }

  @Override
  public Schema.ObjectOf schema() {
    return rules.schema();
  }

  @Override
  public Findings prune(ObjectNode object) {
    return rules.prune(object);
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    rules.applyDefaults(object, old);
    if (ClusterService.isExternalName(object.path("spec"))) {
      return;
    }
    String wanted = object.path("spec").path("clusterIP").asString("");
    String before = old.map(one -> one.spec().path("clusterIP").asString("")).orElse("");
    String address = wanted.isEmpty() ? before : wanted;
    ClusterService.giveAddress(object, address.isEmpty() ? addresses.free() : address);
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    rules.validate(object, old);
    if (old.isEmpty()) {
      refuseNameOf(store, ResourceKind.KNATIVE_SERVICE, object, "function");
      refuseNameOf(store, ResourceKind.ROUTE, object, "function");
    }
  }

  private void validateAll(ApiObject object, Optional<ApiObject> old) {
    ClusterService.validate(object, old);
    addresses
        .problem(object, object.spec().path("clusterIP").asString(""))
        .ifPresent(
            problem -> {
              throw new SkepException(Code.INVALID, problem);
            });
  }

  /**
   * Both would be the same name in the cluster; Knative makes a core Service of each of its own,
   * which is in nobody's way.
   */
  static void refuseNameOf(ResourceStore store, ResourceKind other, ApiObject object, String what) {
    if (store
        .get(other, object.namespace(), object.name())
        .filter(there -> !there.labels().containsKey("serving.knative.dev/route"))
        .isPresent()) {
      throw new SkepException(
          Code.ALREADY_EXISTS,
          "services \"%1$s\" already exists: %1$s.%2$s.svc.cluster.local is the name of a %3$s (expected: another name)"
              .formatted(object.name(), object.namespace(), what));
    }
  }
}
