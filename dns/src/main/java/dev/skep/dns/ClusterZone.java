package dev.skep.dns;

import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The domain of the cluster: which of its names there are. Names are lower case and have no dot at
 * their end.
 */
final class ClusterZone {
  static final String DOMAIN = "cluster.local";
  private static final String SERVICES = "svc." + DOMAIN;

  /** What there is under a name. */
  enum Found {
    /** A function: it has an address. */
    FUNCTION,
    /** Nothing of its own, but names below it (RFC 8020). */
    PARENT,
    NOTHING,
    /** That is not known yet. */
    UNKNOWN,
    /** Another server's to say. */
    OUTSIDE
  }

  private volatile @Nullable Supplier<Set<String>> hosts;

  /**
   * @param current names of all functions, as they are now; safe for use by any thread
   */
  void publish(Supplier<Set<String>> current) {
    hosts = current;
  }

  Found find(String name) {
    if (!name.equals(DOMAIN) && !name.endsWith("." + DOMAIN)) {
      return Found.OUTSIDE;
    }
    if (name.equals(DOMAIN) || name.equals(SERVICES)) {
      return Found.PARENT;
    }
    Supplier<Set<String>> current = hosts;
    if (current == null) {
      return Found.UNKNOWN;
    }
    Set<String> now = current.get();
    if (now.contains(name)) {
      return name.endsWith("." + SERVICES) ? Found.FUNCTION : Found.NOTHING;
    }
    return isNamespace(name, now) ? Found.PARENT : Found.NOTHING;
  }

  private static boolean isNamespace(String name, Set<String> hosts) {
    int labels = name.length() - SERVICES.length() - 1;
    return labels > 0
        && name.endsWith("." + SERVICES)
        && name.indexOf('.') == labels
        && hosts.stream().anyMatch(host -> host.endsWith("." + name));
  }
}
