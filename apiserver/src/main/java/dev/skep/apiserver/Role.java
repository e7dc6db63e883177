package dev.skep.apiserver;

import java.util.Locale;

/** What a user may do in the namespaces that are his. */
enum Role {
  /** Everything, everywhere. */
  ADMIN,
  /** All kinds of objects, and commands in instances; no namespaces, no users. */
  DEPLOYER,
  /** To look, but not at Secrets. */
  VIEWER;

  boolean allows(Access access) {
    return switch (this) {
      case ADMIN -> true;
      case DEPLOYER ->
          !access.resource().equals("users")
              && (access.isReading() || !access.resource().equals("namespaces"));
      case VIEWER ->
          access.isReading()
              && !access.resource().equals("users")
              && !access.resource().equals("secrets")
              && !access.subresource().equals("export"); // memory has Secrets in it
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
