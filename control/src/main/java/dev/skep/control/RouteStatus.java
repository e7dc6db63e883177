package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a Route's status says, after Knative's {@code route_lifecycle.go}; pure.
 *
 * @param rollout shares that have the traffic; of an earlier spec where the present one comes to
 *     nothing
 * @param placed what came of its names inside the cluster
 */
record RouteStatus(
    ApiObject route, Traffic traffic, Rollout rollout, PlaceholderReconciler.Placed placed) {
  private static final Condition NO_TLS =
      new Condition("True", "TLSNotEnabled", "external-domain-tls is not enabled");
  private static final Condition NO_INGRESS =
      Condition.unknown("IngressNotConfigured", "Ingress has not yet been reconciled.");

  private static final Condition ROLLING =
      Condition.unknown(
          "RolloutInProgress", "A gradual rollout of the latest revision(s) is in progress.");

  ConditionSet conditions() {
    Condition assigned =
        switch (traffic) {
          case Traffic.Assigned _ -> Condition.TRUE;
          case Traffic.Unassigned(Condition why) -> why;
        };
    return new ConditionSet()
        .with("AllTrafficAssigned", assigned)
        .with("IngressReady", ingress(assigned))
        .with("CertificateProvisioned", NO_TLS);
  }

  private Condition ingress(Condition assigned) {
    if (rollout.shares().isEmpty() && !assigned.isTrue()) {
      return NO_INGRESS;
    }
    if (placed.taken().isPresent()) {
      return Condition.no(
          "NotOwned",
          "There is an existing placeholder Service \"%s\" that we do not own."
              .formatted(placed.taken().get()));
    }
    return rollout.inProgress() ? ROLLING : Condition.TRUE;
  }

  /** Without the times of its conditions. */
  ObjectNode json(Addresses addresses) {
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", route.generation());
    writeTraffic(status, addresses);
    conditions().writeTo(status);
    return status;
  }

  /** What the route's Service says as well. */
  void writeTraffic(ObjectNode status, Addresses addresses) {
    ObjectName name = ObjectName.of(route);
    status.put("url", addresses.url(route, name, Addresses.isLocal(route)));
    status.putObject("address").put("url", Addresses.address(name));
    if (rollout.shares().isEmpty()) {
      return;
    }
    ArrayNode traffic = status.putArray("traffic");
    for (Traffic.Share share : rollout.shares()) {
      ObjectNode target = traffic.addObject();
      target.put("latestRevision", share.latest()).put("percent", share.percent());
      target.put("revisionName", share.revision());
      if (!share.tag().isEmpty()) {
        boolean local = placed.localTags().contains(share.tag());
        target.put("tag", share.tag());
        target.put("url", addresses.url(route, addresses.tagged(name, share.tag()), local));
      }
    }
  }
}
