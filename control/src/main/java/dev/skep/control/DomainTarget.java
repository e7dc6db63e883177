package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What a DomainMapping's {@code spec.ref} comes to; pure but for the look into the store. */
sealed interface DomainTarget {
  /**
   * Kinds that have a name inside the cluster; that of a core Service is one which a route made.
   */
  List<ResourceKind> KINDS =
      List.of(ResourceKind.KNATIVE_SERVICE, ResourceKind.ROUTE, ResourceKind.SERVICE);

  /** Objects whose changes may make it another one. */
  Set<ObjectName> dependsOn();

  /**
   * A name of a route or of one of its tags.
   *
   * @param name {@code NAME.NAMESPACE.svc.cluster.local} without its end
   */
  record Led(ObjectName name, ObjectName route) implements DomainTarget {
    @Override
    public Set<ObjectName> dependsOn() {
      return name.equals(route) ? Set.of(name) : Set.of(name, route);
    }
  }

  /** Nothing that requests can be led to. */
  record Unresolved(ObjectName name, String why) implements DomainTarget {
    @Override
    public Set<ObjectName> dependsOn() {
      return Set.of(name);
    }
  }

  static DomainTarget of(JsonNode ref, Owners owners) {
    var name = new ObjectName(ref.path("namespace").asString(""), ref.path("name").asString(""));
    String version = ref.path("apiVersion").asString("");
    String word = ref.path("kind").asString("");
    Optional<ResourceKind> kind =
        KINDS.stream()
            .filter(each -> each.apiVersion().equals(version) && each.kind().equals(word))
            .findFirst();
    if (kind.isEmpty()) {
      return new Unresolved(
          name,
          "%s of %s has no host name (expected: Service or Route of %s, or Service of v1)"
              .formatted(word, version, ResourceKind.ROUTE.apiVersion()));
    }
    return owners
        .find(kind.get(), name)
        .map(found -> of(kind.get(), name, found))
        .orElseGet(
            () ->
                new Unresolved(
                    name,
                    "failed to get object %s: %s \"%s\" not found"
                        .formatted(name, kind.get().resource(), name.name())));
  }

  private static DomainTarget of(ResourceKind kind, ObjectName name, ApiObject found) {
    if (!kind.equals(ResourceKind.SERVICE)) {
      return new Led(name, name);
    }
    String route = found.labels().getOrDefault(Keys.ROUTE, "");
    return route.isEmpty()
        ? new Unresolved(
            name,
            "Service %s leads to pods, which are called by its address (expected: one that a Route has made)"
                .formatted(name))
        : new Led(name, new ObjectName(name.namespace(), route));
  }
}
