package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.control.Traffic.Share;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Ingress that Knative makes of a Route ({@code pkg/reconciler/route/resources/ingress.go}):
 * host names, and the revisions that the gateway leads them to, as the Route's status has them.
 */
public final class IngressView {
  private final Naming naming;

  private IngressView(Naming naming) {
    this.naming = naming;
  }

  /** As the ConfigMap {@code config-network} names tags and leads requests now. */
  public static IngressView now(ResourceStore store) {
    Map<String, String> network = KnativeSettings.read(store, "config-network");
    return new IngressView(Naming.of(Map.of(), network, Map.of(), Addresses.INSIDE));
  }

  public ApiObject of(ApiObject route) {
    ObjectNode object =
        ShownObjects.following(route, ResourceKind.ROUTE, ResourceKind.INGRESS, route.name());
    var labels = new TreeMap<>(route.labels());
    labels.put(Keys.ROUTE, route.name());
    labels.put("serving.knative.dev/routeNamespace", route.namespace());
    ShownObjects.annotate(object, labels, route);
    ObjectNode metadata = object.withObject("metadata");
    metadata.withObject("annotations").put("networking.knative.dev/ingress-class", "skep.dev");
    String option = naming.redirects(route) ? "Redirected" : "Enabled";
    ObjectNode spec = object.putObject("spec").put("httpOption", option);
    rules(spec.putArray("rules"), route);
    status(object.putObject("status"), route);
    return new ApiObject(object);
  }

  private void rules(ArrayNode rules, ApiObject route) {
    ObjectName name = ObjectName.of(route);
    JsonNode traffic = route.status().path("traffic");
    List<Share> shares = Traffic.shares(traffic);
    if (shares.isEmpty()) {
      return;
    }
    both(rules, name, route.status().path("url").asString(""), shares);
    var tags = new TreeSet<String>();
    for (JsonNode target : traffic) {
      String tag = target.path("tag").asString("");
      if (!tag.isEmpty() && tags.add(tag)) {
        List<Share> tagged = shares.stream().filter(share -> share.tag().equals(tag)).toList();
        String url = target.path("url").asString("");
        both(rules, naming.tagged(name, tag), url, tagged);
      }
    }
  }

  /** One inside the cluster, and one outside for what has a name there. */
  private static void both(ArrayNode rules, ObjectName name, String url, List<Share> shares) {
    List<String> inside = Addresses.insideNames(name);
    rule(rules, inside, "ClusterLocal", name, shares);
    String host = url.replaceFirst("^https?://", "").replaceFirst("[:/].*", "");
    if (!host.isEmpty() && !inside.contains(host)) {
      rule(rules, List.of(host), "ExternalIP", name, shares);
    }
  }

  private static void rule(
      ArrayNode rules, List<String> hosts, String visibility, ObjectName name, List<Share> shares) {
    ObjectNode rule = rules.addObject();
    hosts.forEach(rule.putArray("hosts")::add);
    ArrayNode splits = rule.putObject("http").putArray("paths").addObject().putArray("splits");
    for (RouteTable.Target target : Traffic.split(name.namespace(), shares)) {
      ObjectNode split = splits.addObject();
      split
          .putObject("appendHeaders")
          .put("Knative-Serving-Namespace", name.namespace())
          .put("Knative-Serving-Revision", target.revision().name());
      split.put("percent", target.percent()).put("serviceName", target.revision().name());
      split.put("serviceNamespace", name.namespace()).put("servicePort", 80);
    }
    rule.put("visibility", visibility);
  }

  private static void status(ObjectNode status, ApiObject route) {
    status.put("observedGeneration", 1);
    JsonNode ingress = route.condition("IngressReady").orElse(status.path("none"));
    Instant at = ShownObjects.time(ingress.path("lastTransitionTime"));
    var condition =
        new Condition(
            ingress.path("status").asString("Unknown"),
            ingress.path("reason").asString(""),
            ingress.path("message").asString(""));
    for (String type : List.of("LoadBalancerReady", "NetworkConfigured", "Ready")) {
      ShownObjects.condition(status, type, condition, at);
    }
  }
}
