package dev.skep.host;

import dev.skep.api.PodTemplate.Transport;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which virtual address leads where, and which sandboxes others may reach. All addresses are IPv4.
 *
 * @param addresses virtual ones in use: what no route takes is refused at once
 * @param routes those with somewhere to lead to
 * @param pods sandboxes that others may reach at their own addresses
 */
public record ServiceTable(Set<String> addresses, List<Route> routes, Set<String> pods) {
  /** Leads nowhere. */
  public static final ServiceTable EMPTY = new ServiceTable(Set.of(), List.of(), Set.of());

  public ServiceTable {
    addresses = Set.copyOf(addresses);
    routes = List.copyOf(routes);
    pods = Set.copyOf(pods);
  }

  /** Where a connection to a port of a virtual address may go, one as well as the other. */
  public record Route(String address, Transport transport, int port, List<Target> targets) {
    public Route {
      targets = List.copyOf(targets);
    }
  }

  /** A port of a sandbox. */
  public record Target(String address, int port) {}

  /** Addresses of all sandboxes that routes lead to. */
  Set<String> targets() {
    var all = new TreeSet<String>();
    routes.forEach(route -> route.targets().forEach(target -> all.add(target.address())));
    return all;
  }
}
