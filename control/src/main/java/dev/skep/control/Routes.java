package dev.skep.control;

import java.util.HashMap;
import java.util.Map;

/** The routes of all host names; tells whether they changed. It belongs to the control thread. */
final class Routes {
  private final Map<ObjectName, Map<String, RouteTable.Route>> routes = new HashMap<>();
  private boolean changed;

  /** All host names of one route. */
  void put(ObjectName route, Map<String, RouteTable.Route> hosts) {
    changed |= !hosts.equals(routes.put(route, hosts));
  }

  void remove(ObjectName route) {
    changed |= routes.remove(route) != null;
  }

  /** Sends the table if it changed since the last time. */
  void publish(DataPlane dataPlane) {
    if (!changed) {
      return;
    }
    changed = false;
    var hosts = new HashMap<String, RouteTable.Route>();
    routes.values().forEach(hosts::putAll);
    dataPlane.routes(new RouteTable(hosts));
  }
}
