package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tells clients which kinds there are, in both forms that Kubernetes clients understand. */
final class Discovery {
  private final Kinds kinds;

  Discovery(Kinds kinds) {
    this.kinds = kinds;
  }

  /** False for a path that is none of discovery's. */
  boolean answer(Exchange exchange) {
    List<String> path = exchange.path();
    if (path.size() > 3) {
      return false;
    }
    boolean apis = path.getFirst().equals("apis");
    Optional<String> version = path.size() == 1 ? aggregatedVersion(exchange) : Optional.empty();
    if (version.isPresent()) {
      String type = AggregatedDiscovery.mediaType(version.get());
      exchange.send(200, type, ApiJson.bytes(AggregatedDiscovery.list(kinds, apis, version.get())));
      return true;
    }
    Optional<ObjectNode> answer =
        switch (path.size()) {
          case 1 -> Optional.of(apis ? groups() : coreVersions());
          case 2 -> apis ? group(path.get(1)) : resources(path.get(1));
          default -> apis ? resources(path.get(1) + "/" + path.get(2)) : Optional.empty();
        };
    answer.ifPresent(exchange::send);
    return answer.isPresent();
  }

  /** Of the group {@code apidiscovery.k8s.io}; empty where the client wants the older form. */
  private static Optional<String> aggregatedVersion(Exchange exchange) {
    String accept = exchange.header("Accept").orElse("").toLowerCase(Locale.ROOT);
    for (String range : accept.split(",", -1)) {
      if (range.contains("as=apigroupdiscoverylist")) {
        boolean beta = range.contains("v=v2beta1");
        return Optional.of(beta ? "v2beta1" : "v2");
      }
    }
    return Optional.empty();
  }

  private static ObjectNode coreVersions() {
    ObjectNode versions = ApiJson.object();
    versions.put("kind", "APIVersions");
    versions.putArray("versions").add("v1");
    versions.putArray("serverAddressByClientCIDRs");
    return versions;
  }

  private ObjectNode groups() {
    ObjectNode list = ApiJson.object();
    list.put("kind", "APIGroupList").put("apiVersion", "v1");
    ArrayNode groups = list.putArray("groups");
    kinds.groups().forEach((name, versions) -> groups.add(group(name, versions)));
    return list;
  }

  private Optional<ObjectNode> group(String name) {
    return Optional.ofNullable(kinds.groups().get(name))
        .map(versions -> group(name, versions).put("kind", "APIGroup").put("apiVersion", "v1"));
  }

  private static ObjectNode group(String name, List<String> groupVersions) {
    ObjectNode group = ApiJson.object().put("name", name);
    ArrayNode versions = group.putArray("versions");
    for (String groupVersion : groupVersions) {
      versions
          .addObject()
          .put("groupVersion", groupVersion)
          .put("version", groupVersion.substring(name.length() + 1));
    }
    group.set("preferredVersion", versions.path(0).deepCopy());
    return group;
  }

  private Optional<ObjectNode> resources(String groupVersion) {
    List<ServedKind> served = kinds.of(groupVersion);
    if (served.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode list = ApiJson.object();
    list.put("kind", "APIResourceList").put("apiVersion", "v1").put("groupVersion", groupVersion);
    ArrayNode resources = list.putArray("resources");
    served.forEach(one -> add(one, resources));
    return Optional.of(list);
  }

  private static void add(ServedKind one, ArrayNode resources) {
    ObjectNode resource = resource(one, one.kind().plural(), one.verbs());
    one.shortNames().forEach(resource.putArray("shortNames")::add);
    one.categories().forEach(resource.putArray("categories")::add);
    resources.add(resource);
    if (one.hasStatus()) {
      resources.add(resource(one, one.kind().plural() + "/status", one.statusVerbs()));
    }
  }

  private static ObjectNode resource(ServedKind served, String name, List<String> verbs) {
    ObjectNode resource = ApiJson.object();
    resource.put("name", name).put("singularName", served.singular());
    resource.put("namespaced", served.kind().namespaced()).put("kind", served.kind().kind());
    verbs.forEach(resource.putArray("verbs")::add);
    return resource;
  }
}
