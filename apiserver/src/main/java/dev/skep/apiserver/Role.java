package dev.skep.apiserver;

import java.util.Locale;
import java.util.Set;

/** What a user may do in the namespaces that are his. */
enum Role {
  /** Everything, everywhere. */
  ADMIN,
  /** All kinds of objects, and commands in instances; no namespaces, no users. */
  DEPLOYER,
  /** To look, but not at Secrets. */
  VIEWER;

  private static final Set<String> OF_ADMINS = Set.of("namespaces", "users");

  boolean allows(Access access) {
    return switch (this) {
      case ADMIN -> true;
      case DEPLOYER -> access.isReading() || !OF_ADMINS.contains(access.resource());
      case VIEWER ->
          access.isReading()
              && !access.resource().equals("secrets")
              && !access.subresource().equals("export"); // memory has Secrets in it
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
