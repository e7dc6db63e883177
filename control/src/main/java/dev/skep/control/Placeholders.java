package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * The core Services that stand for a route and its tags, as Knative makes them ({@code
 * pkg/reconciler/route/resources/service.go}): names that lead nowhere but to the gateway; pure.
 */
final class Placeholders {
  private static final Set<String> NOT_PASSED_ON = Set.of(Keys.LAST_APPLIED, Keys.ROLLOUT_DURATION);

  private Placeholders() {}

  /**
   * One of them.
   *
   * @param name of the route, or of its tag
   * @param host that it stands for
   */
  static ApiObject of(ApiObject route, String name, String host) {
    ObjectNode object = ApiJson.object();
    ResourceKind kind = ResourceKind.SERVICE;
    object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("namespace", route.namespace()).put("name", name);
    var labels = new TreeMap<>(route.labels());
    labels.remove(Keys.VISIBILITY);
    labels.put(Keys.ROUTE, route.name());
    ServiceObjects.put(metadata.putObject("labels"), labels);
    var annotations = new TreeMap<>(route.annotations());
    annotations.keySet().removeAll(NOT_PASSED_ON);
    ServiceObjects.put(metadata.putObject("annotations"), annotations);
    Owners.set(metadata, ResourceKind.ROUTE, route);
    ObjectNode spec = object.putObject("spec");
    spec.put("type", "ExternalName").put("externalName", host).put("sessionAffinity", "None");
    ObjectNode port = spec.putArray("ports").addObject();
    port.put("name", "http2").put("port", 80).put("protocol", "TCP").put("targetPort", 80);
    return new ApiObject(object);
  }
}
