package dev.skep.control;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The routes of all host names; tells whether they changed. It belongs to the control thread. */
final class Routes {
  /**
   * What the host name of a DomainMapping has.
   *
   * @param route empty while it leads nowhere
   * @param certificate its own, where it has one
   */
  record Mapped(Optional<RouteTable.Route> route, Optional<ServerCertificate> certificate) {}

  private final Map<ObjectName, Map<String, RouteTable.Route>> routes = new HashMap<>();
  private final Map<String, Mapped> mapped = new HashMap<>();
  private boolean changed;

  /** All host names of one route. */
  void put(ObjectName route, Map<String, RouteTable.Route> hosts) {
    changed |= !hosts.equals(routes.put(route, hosts));
  }

  void remove(ObjectName route) {
    changed |= routes.remove(route) != null;
  }

  /** Where one of a route's host names leads; empty while that is nowhere. */
  Optional<RouteTable.Route> find(ObjectName route, String host) {
    return Optional.ofNullable(routes.getOrDefault(route, Map.of()).get(host));
  }

  /** Whether a route has that host name: no mapping gets it. */
  boolean isOfRoute(String host) {
    return routes.values().stream().anyMatch(hosts -> hosts.containsKey(host));
  }

  /** The host name of a DomainMapping. */
  void map(String host, Mapped to) {
    changed |= !to.equals(mapped.put(host, to));
  }

  void unmap(String host) {
    changed |= mapped.remove(host) != null;
  }

  /** Sends the table if it changed since the last time. */
  void publish(DataPlane dataPlane) {
    if (!changed) {
      return;
    }
    var hosts = new HashMap<String, RouteTable.Route>();
    var certificates = new HashMap<String, ServerCertificate>();
    routes.values().forEach(hosts::putAll);
    mapped.forEach(
        (host, to) -> {
          if (!hosts.containsKey(host)) { // no mapping gets a route's
            to.route().ifPresent(route -> hosts.put(host, route));
            to.certificate().ifPresent(certificate -> certificates.put(host, certificate));
          }
        });
    dataPlane.routes(new RouteTable(hosts, certificates));
    changed = false;
  }
}
