package dev.skep.dns;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
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
    /** A port of a Service: it leads to what {@link #ports} has. */
    PORT,
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
  private volatile Supplier<Map<String, List<InetSocketAddress>>> ports = Map::of;

  /**
   * @param current names of all functions, as they are now; safe for use by any thread
   * @param services full names of all Services and their addresses, in the same way
   * @param ports those of their ports, and where they lead to
   */
  void publish(
      Supplier<Set<String>> current,
      Supplier<Map<String, List<Inet4Address>>> services,
      Supplier<Map<String, List<InetSocketAddress>>> ports) {
    this.services = services;
    this.ports = ports;
    hosts = current;
  }

  /** Of a Service; none where it has no pod. */
  List<Inet4Address> addresses(String service) {
    return services.get().getOrDefault(service, List.of());
  }

  /** Of a port of a Service; none where it has no pod. */
  List<InetSocketAddress> ports(String port) {
    return ports.get().getOrDefault(port, List.of());
  }

  /**
   * The name of who has the address: of the pods of a Service without an address of its own, each
   * has one below the Service's.
   */
  String host(String port, InetAddress address) {
    String service = port.split("\\.", 3)[2];
    String pod = address.getHostAddress().replace('.', '-') + "." + service;
    return services.get().containsKey(pod) ? pod : service;
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
    Set<String> numbers = ports.get().keySet();
    if (numbers.contains(name)) {
      return Found.PORT;
    }
    return Stream.of(now, others, numbers).anyMatch(names -> isParent(name, names))
        ? Found.PARENT
        : Found.NOTHING;
  }

  private static boolean isParent(String name, Set<String> names) {
    return name.endsWith("." + SERVICES)
        && names.stream().anyMatch(below -> below.endsWith("." + name));
  }
}
