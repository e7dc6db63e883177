package dev.skep.apiserver;

import java.util.Set;

/**
 * Somebody who calls.
 *
 * @param namespaces empty: all
 */
record User(String name, Role role, Set<String> namespaces) {
  /** Before anybody has looked who it is. */
  static final User NOBODY = new User("system:anonymous", Role.VIEWER, Set.of(""));

  /** Who has the generated kubeconfig, or may open the unix socket. */
  static final User ADMIN = new User("admin", Role.ADMIN, Set.of());

  User {
    namespaces = Set.copyOf(namespaces);
  }

  boolean may(Access access) {
    return role == Role.ADMIN
        || access.isReading("", "namespaces")
        || access.isReading(SkepRoutes.GROUP, "images")
        || access.isReading(SkepRoutes.GROUP, "status")
        || (isInside(access) && role.allows(access));
  }

  private boolean isInside(Access access) {
    return namespaces.isEmpty() || namespaces.contains(access.namespace());
  }

  /** Fails with 403 and what is missing, in Kubernetes' words. */
  void check(Access access) {
    if (!may(access)) {
      throw new ApiFailure(
              403,
              "Forbidden",
              "%s is forbidden: User \"%s\" %s".formatted(access.object(), name, access.refusal()))
          .about(access.group(), access.resource(), access.name());
    }
  }
}
