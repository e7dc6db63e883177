package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.ClusterService;
import dev.skep.control.Addresses;
import dev.skep.host.ServiceTable;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What Services mean, with the pods that there are: rules for the host, names for the name server;
 * pure.
 *
 * @param names full names of Services, and their addresses
 */
record ServiceRoutes(ServiceTable table, Map<String, List<Inet4Address>> names) {
  static ServiceRoutes of(List<ApiObject> services, Collection<Pod> pods) {
    var addresses = new TreeSet<String>();
    var routes = new ArrayList<ServiceTable.Route>();
    var open = new TreeSet<String>();
    var names = new TreeMap<String, List<Inet4Address>>();
    for (ApiObject object : services) {
      ClusterService service = ClusterService.of(object);
      List<Pod> own = selected(object.namespace(), service, pods);
      String name = object.name() + "." + object.namespace() + ".svc." + Addresses.INSIDE;
      if (service.isHeadless()) {
        own.forEach(pod -> open.add(address(pod).getHostAddress()));
        names.put(name, own.stream().map(ServiceRoutes::address).toList());
      } else if (!service.address().isEmpty()) {
        addresses.add(service.address());
        routes.addAll(routes(service, own));
        names.put(name, List.of(literal(service.address())));
      }
    }
    return new ServiceRoutes(new ServiceTable(addresses, routes, open), names);
  }

  /** Those to which a connection may be led now. */
  private static List<Pod> selected(
      String namespace, ClusterService service, Collection<Pod> pods) {
    return pods.stream()
        .filter(pod -> pod.key.namespace().equals(namespace))
        .filter(pod -> service.selects(pod.template.labels()))
        .filter(pod -> pod.address().isPresent())
        .filter(pod -> pod.ready || service.publishNotReady())
        .sorted(Comparator.comparing(pod -> pod.key.name()))
        .toList();
  }

  private static List<ServiceTable.Route> routes(ClusterService service, List<Pod> pods) {
    var routes = new ArrayList<ServiceTable.Route>();
    for (ClusterService.Port port : service.ports()) {
      List<ServiceTable.Target> targets =
          pods.stream().map(pod -> target(port, pod)).flatMap(Optional::stream).toList();
      if (!targets.isEmpty()) {
        routes.add(
            new ServiceTable.Route(service.address(), port.transport(), port.number(), targets));
      }
    }
    return routes;
  }

  private static Optional<ServiceTable.Target> target(ClusterService.Port port, Pod pod) {
    return port.in(pod.template)
        .map(number -> new ServiceTable.Target(address(pod).getHostAddress(), number));
  }

  private static Inet4Address address(Pod pod) {
    return (Inet4Address) pod.address().orElseThrow();
  }

  private static Inet4Address literal(String address) {
    return Inet4Address.ofLiteral(address);
  }
}
