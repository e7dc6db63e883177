package dev.skep.apiserver;

import java.util.List;
import java.util.Optional;

/**
 * What a path of the Kubernetes API names.
 *
 * @param group empty for the core group
 * @param namespace empty: all namespaces
 * @param name empty: the collection
 * @param subresource such as {@code status}; empty for the object itself
 */
record ResourcePath(
    String group,
    String version,
    Optional<String> namespace,
    String plural,
    Optional<String> name,
    Optional<String> subresource) {

  /** Empty for a path that names no resource. */
  static Optional<ResourcePath> parse(List<String> path) {
    boolean core = !path.isEmpty() && path.getFirst().equals("api");
    int base = core ? 2 : 3;
    if (path.size() <= base) {
      return Optional.empty();
    }
    String group = core ? "" : path.get(1);
    String version = path.get(base - 1);
    List<String> rest = path.subList(base, path.size());
    boolean namespaced =
        rest.getFirst().equals("namespaces") && rest.size() > 2 && !isOfNamespace(rest);
    Optional<String> namespace = namespaced ? Optional.of(rest.get(1)) : Optional.empty();
    List<String> resource = namespaced ? rest.subList(2, rest.size()) : rest;
    if (resource.size() > 3) {
      return Optional.empty();
    }
    return Optional.of(
        new ResourcePath(
            group, version, namespace, resource.getFirst(), at(resource, 1), at(resource, 2)));
  }

  /** Whether it is a part of a namespace, not a kind in one. */
  private static boolean isOfNamespace(List<String> path) {
    return path.size() == 3 && List.of("status", "finalize").contains(path.get(2));
  }

  private static Optional<String> at(List<String> list, int index) {
    return index < list.size() ? Optional.of(list.get(index)) : Optional.empty();
  }
}
