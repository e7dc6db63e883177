package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The Configuration and the Route that a Service asks for; pure. */
final class ServiceObjects {
  private ServiceObjects() {}

  static ApiObject configuration(ApiObject service) {
    ObjectNode object =
        child(
            ResourceKind.CONFIGURATION, service, Set.of(Keys.LAST_APPLIED, Keys.ROLLOUT_DURATION));
    object.withObject("metadata").withObject("annotations").put(Keys.ROUTES, service.name());
    JsonNode template = service.spec().path("template");
    object.putObject("spec").set("template", template.deepCopy());
    return new ApiObject(object);
  }

  static ApiObject route(ApiObject service) {
    ObjectNode object = child(ResourceKind.ROUTE, service, Set.of(Keys.LAST_APPLIED));
    ArrayNode traffic = object.putObject("spec").putArray("traffic");
    for (JsonNode target : service.spec().path("traffic")) {
      traffic.add(target(target.deepCopy(), service.name()));
    }
    if (traffic.isEmpty()) {
      traffic
          .addObject()
          .put("configurationName", service.name())
          .put("latestRevision", true)
          .put("percent", 100);
    }
    return new ApiObject(object);
  }

  private static JsonNode target(JsonNode target, String configuration) {
    boolean follows = target.path("revisionName").asString("").isEmpty();
    if (target instanceof ObjectNode object) {
      if (follows) {
        object.put("configurationName", configuration);
      }
      if (!object.has("latestRevision")) {
        object.put("latestRevision", follows);
      }
    }
    return target;
  }

  private static ObjectNode child(ResourceKind kind, ApiObject service, Set<String> without) {
    ObjectNode object = ApiJson.object();
    object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("namespace", service.namespace()).put("name", service.name());
    var labels = new TreeMap<>(service.labels());
    labels.put(Keys.SERVICE, service.name());
    labels.put(Keys.SERVICE_UID, service.uid());
    put(metadata.putObject("labels"), labels);
    var annotations = new TreeMap<>(service.annotations());
    annotations.keySet().removeAll(without);
    put(metadata.putObject("annotations"), annotations);
    Owners.set(metadata, ResourceKind.KNATIVE_SERVICE, service);
    return object;
  }

  static void put(ObjectNode to, Map<String, String> strings) {
    strings.forEach(to::put);
  }

  /** Whether a stored object already is what is asked for. */
  static boolean isAsked(ApiObject stored, ApiObject asked) {
    return stored.labels().equals(asked.labels())
        && stored.annotations().equals(asked.annotations())
        && stored.spec().equals(asked.spec());
  }

  /** The stored object as it is asked for; the rest of it stays. */
  static ObjectNode changed(ObjectNode stored, ApiObject asked) {
    ObjectNode metadata = stored.withObject("metadata");
    JsonNode wanted = asked.json().path("metadata");
    for (String field : new String[] {"labels", "annotations", "ownerReferences"}) {
      metadata.set(field, wanted.path(field).deepCopy());
    }
    stored.set("spec", asked.spec().deepCopy());
    return stored;
  }
}
