package dev.skep.control;

import dev.skep.api.RevisionKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The routes of all Services; tells whether they changed. It belongs to the control thread. */
final class Routes {
  private record Entry(List<String> hosts, RevisionKey target) {}

  private final Addresses addresses;
  private final Map<ServiceState.Name, Entry> entries = new HashMap<>();
  private boolean changed;

  Routes(Addresses addresses) {
    this.addresses = addresses;
  }

  void put(ServiceState service) {
    service
        .target()
        .ifPresent(
            target -> {
              var entry = new Entry(addresses.hosts(service.object), target.key());
              changed |= !entry.equals(entries.put(service.name, entry));
            });
  }

  void remove(ServiceState service) {
    changed |= entries.remove(service.name) != null;
  }

  /** Sends the table if it changed since the last time. */
  void publish(DataPlane dataPlane) {
    if (!changed) {
      return;
    }
    changed = false;
    var hosts = new HashMap<String, RouteTable.Route>();
    for (Entry entry : entries.values()) {
      var route = new RouteTable.Route(List.of(new RouteTable.Target(entry.target(), 100)));
      entry.hosts().forEach(host -> hosts.put(host, route));
    }
    dataPlane.routes(new RouteTable(hosts));
  }
}
