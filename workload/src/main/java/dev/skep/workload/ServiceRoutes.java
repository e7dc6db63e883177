package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.ClusterService;
import dev.skep.control.Addresses;
import dev.skep.host.ServiceTable;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What Services mean, with the pods that there are: rules for the host, names for the name server;
 * pure.
 *
 * <p>Names are those of the specification of DNS in Kubernetes (kubernetes/dns, version 1.1.0): a
 * pod of a headless Service, which has no name of its own, is called by its address.
 *
 * @param names full names of Services and of the pods of headless ones, and their addresses
 * @param ports full names of ports that have a name, and where they lead to
 */
record ServiceRoutes(
    ServiceTable table,
    Map<String, List<Inet4Address>> names,
    Map<String, List<InetSocketAddress>> ports) {
  static ServiceRoutes of(List<ApiObject> services, Collection<Pod> pods) {
    var addresses = new TreeSet<String>();
    var routes = new ArrayList<ServiceTable.Route>();
    var open = new TreeSet<String>();
    var names = new TreeMap<String, List<Inet4Address>>();
    var ports = new TreeMap<String, List<InetSocketAddress>>();
    for (ApiObject object : services) {
      ClusterService service = ClusterService.of(object);
      List<Pod> own = selected(object.namespace(), service, pods);
      String name = object.name() + "." + object.namespace() + ".svc." + Addresses.INSIDE;
      if (service.isHeadless()) {
        own.forEach(pod -> open.add(address(pod).getHostAddress()));
        names.put(name, own.stream().map(ServiceRoutes::address).toList());
        own.forEach(pod -> names.put(podName(pod, name), List.of(address(pod))));
        named(service).forEach(port -> ports.put(portName(port, name), targets(port, own)));
      } else if (!service.address().isEmpty()) {
        addresses.add(service.address());
        routes.addAll(routes(service, own));
        Inet4Address address = Inet4Address.ofLiteral(service.address());
        names.put(name, List.of(address));
        named(service)
            .forEach(
                port ->
                    ports.put(
                        portName(port, name),
                        List.of(new InetSocketAddress(address, port.number()))));
      }
    }
    return new ServiceRoutes(new ServiceTable(addresses, routes, open), names, ports);
  }

  private static String podName(Pod pod, String service) {
    return address(pod).getHostAddress().replace('.', '-') + "." + service;
  }

  private static List<ClusterService.Port> named(ClusterService service) {
    return service.ports().stream().filter(port -> !port.name().isEmpty()).toList();
  }

  private static String portName(ClusterService.Port port, String service) {
    String transport = port.transport().name().toLowerCase(Locale.ROOT);
    return "_" + port.name() + "._" + transport + "." + service;
  }

  private static List<InetSocketAddress> targets(ClusterService.Port port, List<Pod> pods) {
    return pods.stream()
        .flatMap(
            pod ->
                port.in(pod.template).stream()
                    .map(number -> new InetSocketAddress(address(pod), number)))
        .toList();
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
}
