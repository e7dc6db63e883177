package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tells clients which kinds there are, in the form that every Kubernetes client understands. */
final class Discovery {
  private final Kinds kinds;

  Discovery(Kinds kinds) {
    this.kinds = kinds;
  }

  /** Empty for a path that is none of discovery's. */
  Optional<ObjectNode> answer(List<String> path) {
    boolean apis = path.getFirst().equals("apis");
    return switch (path.size()) {
      case 1 -> Optional.of(apis ? groups() : coreVersions());
      case 2 -> apis ? group(path.get(1)) : coreResources(path.get(1));
      case 3 -> apis ? resources(path.get(1) + "/" + path.get(2)) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static ObjectNode coreVersions() {
    ObjectNode versions = ApiJson.object();
    versions.put("kind", "APIVersions");
    versions.putArray("versions").add("v1");
    versions.putArray("serverAddressByClientCIDRs");
    return versions;
  }

  private Optional<ObjectNode> coreResources(String version) {
    if (!version.equals("v1")) {
      return Optional.empty();
    }
    ObjectNode list = resourceList("v1");
    ObjectNode namespaces = list.withArray("resources").addObject();
    namespaces.put("name", "namespaces").put("singularName", "namespace");
    namespaces.put("namespaced", false).put("kind", "Namespace");
    namespaces.putArray("verbs").add("get").add("list");
    namespaces.putArray("shortNames").add("ns");
    kinds.of(version).forEach(one -> add(one, list.withArray("resources")));
    return Optional.of(list);
  }

  private ObjectNode groups() {
    ObjectNode list = ApiJson.object();
    list.put("kind", "APIGroupList").put("apiVersion", "v1");
    ArrayNode groups = list.putArray("groups");
    kinds.groupVersions().forEach(groupVersion -> groups.add(group(groupVersion.split("/", 2))));
    return list;
  }

  private Optional<ObjectNode> group(String name) {
    return kinds.groupVersions().stream()
        .map(groupVersion -> groupVersion.split("/", 2))
        .filter(parts -> parts[0].equals(name))
        .findFirst()
        .map(parts -> group(parts).put("kind", "APIGroup").put("apiVersion", "v1"));
  }

  private static ObjectNode group(String[] groupAndVersion) {
    ObjectNode group = ApiJson.object();
    group.put("name", groupAndVersion[0]);
    ObjectNode version = ApiJson.object();
    version.put("groupVersion", String.join("/", groupAndVersion));
    version.put("version", groupAndVersion[1]);
    group.putArray("versions").add(version);
    group.set("preferredVersion", version.deepCopy());
    return group;
  }

  private Optional<ObjectNode> resources(String groupVersion) {
    List<ServedKind> served = kinds.of(groupVersion);
    if (served.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode list = resourceList(groupVersion);
    ArrayNode resources = list.withArray("resources");
    served.forEach(one -> add(one, resources));
    return Optional.of(list);
  }

  private static void add(ServedKind one, ArrayNode resources) {
    ObjectNode resource = resource(one, one.kind().plural(), one.verbs());
    one.shortNames().forEach(resource.putArray("shortNames")::add);
    one.categories().forEach(resource.putArray("categories")::add);
    resources.add(resource);
    if (one.hasStatus()) {
      resources.add(resource(one, one.kind().plural() + "/status", List.of("get")));
    }
  }

  private static ObjectNode resourceList(String groupVersion) {
    ObjectNode list = ApiJson.object();
    list.put("kind", "APIResourceList").put("apiVersion", "v1").put("groupVersion", groupVersion);
    list.putArray("resources");
    return list;
  }

  private static ObjectNode resource(ServedKind served, String name, List<String> verbs) {
    ObjectNode resource = ApiJson.object();
    resource.put("name", name).put("singularName", served.singular()).put("namespaced", true);
    resource.put("kind", served.kind().kind());
    verbs.forEach(resource.putArray("verbs")::add);
    return resource;
  }
}
