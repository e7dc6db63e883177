package dev.skep.dns;

import java.net.Inet4Address;
import java.util.List;
import java.util.Map;
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
    /** A Service: it has addresses of its own, see {@link #addresses}. */
    SERVICE,
    /** Nothing of its own, but names below it (RFC 8020). */
    PARENT,
    NOTHING,
    /** That is not known yet. */
    UNKNOWN,
    /** Another server's to say. */
    OUTSIDE
  }

  private volatile @Nullable Supplier<Set<String>> hosts;
  private volatile Supplier<Map<String, List<Inet4Address>>> services = Map::of;

  /**
   * @param current names of all functions, as they are now; safe for use by any thread
   * @param services full names of all Services and their addresses, in the same way
   */
  void publish(Supplier<Set<String>> current, Supplier<Map<String, List<Inet4Address>>> services) {
    this.services = services;
    hosts = current;
  }

  /** Of a Service; none where it has no pod. */
  List<Inet4Address> addresses(String service) {
    return services.get().getOrDefault(service, List.of());
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
    Set<String> others = services.get().keySet();
    if (others.contains(name)) {
      return Found.SERVICE;
    }
    return isNamespace(name, now) || isNamespace(name, others) ? Found.PARENT : Found.NOTHING;
  }

  private static boolean isNamespace(String name, Set<String> hosts) {
    int labels = name.length() - SERVICES.length() - 1;
    return labels > 0
        && name.endsWith("." + SERVICES)
        && name.indexOf('.') == labels
        && hosts.stream().anyMatch(host -> host.endsWith("." + name));
  }
}
