package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a Route's status says, after Knative's {@code route_lifecycle.go}; pure.
 *
 * @param shares that have the traffic; of an earlier spec where the present one comes to nothing
 * @param localTags tags without a name for the outside
 */
record RouteStatus(
    ApiObject route, Traffic traffic, List<Traffic.Share> shares, Set<String> localTags) {
  private static final Condition NO_TLS =
      new Condition("True", "TLSNotEnabled", "external-domain-tls is not enabled");
  private static final Condition NO_INGRESS =
      Condition.unknown("IngressNotConfigured", "Ingress has not yet been reconciled.");

  ConditionSet conditions() {
    Condition assigned =
        switch (traffic) {
          case Traffic.Assigned _ -> Condition.TRUE;
          case Traffic.Unassigned(Condition why) -> why;
        };
    return new ConditionSet()
        .with("AllTrafficAssigned", assigned)
        .with("IngressReady", shares.isEmpty() && !assigned.isTrue() ? NO_INGRESS : Condition.TRUE)
        .with("CertificateProvisioned", NO_TLS);
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
    status.put("url", addresses.url(name, Addresses.isLocal(route)));
    status.putObject("address").put("url", addresses.address(name));
    if (shares.isEmpty()) {
      return;
    }
    ArrayNode traffic = status.putArray("traffic");
    for (Traffic.Share share : shares) {
      ObjectNode target = traffic.addObject();
      target.put("latestRevision", share.latest()).put("percent", share.percent());
      target.put("revisionName", share.revision());
      if (!share.tag().isEmpty()) {
        boolean local = localTags.contains(share.tag());
        target.put("tag", share.tag());
        target.put("url", addresses.url(Addresses.tagged(name, share.tag()), local));
      }
    }
  }
}
