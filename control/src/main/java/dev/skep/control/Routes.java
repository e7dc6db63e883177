package dev.skep.control;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The routes of all host names, as the data plane sees them: one that changes costs the same,
 * however many there are. It belongs to the control thread.
 */
final class Routes {
  /**
   * What the host name of a DomainMapping has.
   *
   * @param route empty while it leads nowhere
   * @param certificate its own, where it has one
   */
  record Mapped(Optional<RouteTable.Route> route, Optional<ServerCertificate> certificate) {
    static final Mapped NOTHING = new Mapped(Optional.empty(), Optional.empty());
  }

  private final Map<ObjectName, Map<String, RouteTable.Route>> routes = new HashMap<>();
  private final Map<String, Mapped> mapped = new HashMap<>();

  /** What comes of both: no mapping gets a route's host name. Read by others at any time. */
  private final Map<String, RouteTable.Route> hosts = new ConcurrentHashMap<>();

  /** Whether the data plane has to be told: it sees the hosts change by itself. */
  private boolean certificatesChanged = true;

  /** All host names of one route. */
  void put(ObjectName route, Map<String, RouteTable.Route> now) {
    Map<String, RouteTable.Route> before =
        Objects.requireNonNullElse(routes.put(route, now), Map.of());
    if (now.equals(before)) {
      return;
    }
    now.forEach(
        (host, to) -> {
          hosts.put(host, to);
          certificatesChanged |= mapped.containsKey(host);
        });
    before.keySet().stream().filter(host -> !now.containsKey(host)).forEach(this::release);
  }

  void remove(ObjectName route) {
    put(route, Map.of());
    routes.remove(route);
  }

  /** A host name becomes another's that wants it, or leads nowhere. */
  private void release(String host) {
    ofRoute(host)
        .or(() -> mapped.getOrDefault(host, Mapped.NOTHING).route())
        .ifPresentOrElse(to -> hosts.put(host, to), () -> hosts.remove(host));
    certificatesChanged |= mapped.containsKey(host);
  }

  private Optional<RouteTable.Route> ofRoute(String host) {
    return routes.values().stream()
        .filter(names -> names.containsKey(host))
        .findFirst()
        .map(names -> names.get(host));
  }

  /** Where one of a route's host names leads; empty while that is nowhere. */
  Optional<RouteTable.Route> find(ObjectName route, String host) {
    return Optional.ofNullable(routes.getOrDefault(route, Map.of()).get(host));
  }

  /** Whether a route has that host name: no mapping gets it. */
  boolean isOfRoute(String host) {
    return ofRoute(host).isPresent();
  }

  /** The host name of a DomainMapping. */
  void map(String host, Mapped to) {
    if (!to.equals(mapped.put(host, to))) {
      release(host);
    }
  }

  void unmap(String host) {
    if (mapped.remove(host) != null) {
      release(host);
      certificatesChanged = true;
    }
  }

  /** Gives the data plane the table, where it does not see by itself what has changed. */
  void publish(DataPlane dataPlane) {
    if (!certificatesChanged) {
      return;
    }
    var certificates = new HashMap<String, ServerCertificate>();
    mapped.forEach(
        (host, to) -> {
          if (!isOfRoute(host)) {
            to.certificate().ifPresent(certificate -> certificates.put(host, certificate));
          }
        });
    dataPlane.routes(new RouteTable(Collections.unmodifiableMap(hosts), certificates));
    certificatesChanged = false;
  }
}
