package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** All kinds in one answer: {@code apidiscovery.k8s.io}'s {@code APIGroupDiscoveryList}. */
final class AggregatedDiscovery {
  private static final String GROUP = "apidiscovery.k8s.io";

  private AggregatedDiscovery() {}

  static String mediaType(String version) {
    return "application/json;g=%s;v=%s;as=APIGroupDiscoveryList".formatted(GROUP, version);
  }

  /**
   * @param apis the named groups; else the core group
   * @param version of the answer's own kind
   */
  static ObjectNode list(Kinds kinds, boolean apis, String version) {
    ObjectNode list = ApiJson.object();
    list.put("kind", "APIGroupDiscoveryList").put("apiVersion", GROUP + "/" + version);
    list.putObject("metadata");
    ArrayNode items = list.putArray("items");
    if (apis) {
      kinds.groups().forEach((name, versions) -> items.add(group(kinds, name, versions)));
    } else {
      items.add(group(kinds, "", List.of("v1")));
    }
    return list;
  }

  private static ObjectNode group(Kinds kinds, String name, List<String> groupVersions) {
    ObjectNode group = ApiJson.object();
    ObjectNode metadata = group.putObject("metadata");
    if (!name.isEmpty()) {
      metadata.put("name", name);
    }
    ArrayNode versions = group.putArray("versions");
    for (String groupVersion : groupVersions) {
      ObjectNode version = versions.addObject();
      version.put("version", groupVersion.substring(groupVersion.indexOf('/') + 1));
      ArrayNode resources = version.putArray("resources");
      kinds.of(groupVersion).forEach(one -> resources.add(resource(one)));
      version.put("freshness", "Current");
    }
    return group;
  }

  private static ObjectNode resource(ServedKind served) {
    ObjectNode resource = ApiJson.object();
    resource.put("resource", served.kind().plural());
    resource.set("responseKind", responseKind(served));
    resource.put("scope", served.kind().namespaced() ? "Namespaced" : "Cluster");
    resource.put("singularResource", served.singular());
    served.verbs().forEach(resource.putArray("verbs")::add);
    served.shortNames().forEach(resource.putArray("shortNames")::add);
    served.categories().forEach(resource.putArray("categories")::add);
    if (served.hasStatus()) {
      ObjectNode status = resource.putArray("subresources").addObject();
      status.put("subresource", "status");
      status.set("responseKind", responseKind(served));
      served.statusVerbs().forEach(status.putArray("verbs")::add);
    }
    return resource;
  }

  private static ObjectNode responseKind(ServedKind served) {
    return ApiJson.object()
        .put("group", served.kind().group())
        .put("version", served.kind().version())
        .put("kind", served.kind().kind());
  }
}
