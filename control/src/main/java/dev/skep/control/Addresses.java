package dev.skep.control;

import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Host names and URLs of routes and of their tags; pure. */
public record Addresses(String domain, int port) {
  /** The domain of the cluster. */
  public static final String INSIDE = "cluster.local";

  /** The name of a route under which one of its tags is reached. */
  static ObjectName tagged(ObjectName route, String tag) {
    return new ObjectName(route.namespace(), tag + "-" + route.name());
  }

  /**
   * All names under which the gateway takes requests for it.
   *
   * @param local whether it has none for the outside
   */
  List<String> hosts(ObjectName route, boolean local) {
    Stream<String> external = local ? Stream.of() : Stream.of(host(route, false));
    return Stream.concat(external, inside(route).stream())
        .map(host -> host.toLowerCase(Locale.ROOT))
        .toList();
  }

  /** Its names inside the cluster. */
  static List<String> inside(ObjectName route) {
    String name = route.name() + "." + route.namespace();
    return List.of(name, name + ".svc", name + ".svc." + INSIDE);
  }

  /** The full name of the place where people reach it, without port. */
  String host(ObjectName route, boolean local) {
    return "%s.%s.%s".formatted(route.name(), route.namespace(), local ? "svc." + INSIDE : domain);
  }

  /** Where people reach it. */
  String url(ObjectName route, boolean local) {
    return "http://" + host(route, local) + (local || port == 80 ? "" : ":" + port);
  }

  /** Where other functions reach it. */
  String address(ObjectName route) {
    return url(route, true);
  }

  /** Where functions of a namespace look for short names, as pods do. */
  public static List<String> searchDomains(String namespace) {
    return List.of(namespace + ".svc." + INSIDE, "svc." + INSIDE, INSIDE);
  }

  /** Whether an object asks for names inside the cluster alone. */
  static boolean isLocal(ApiObject object) {
    return object.labels().getOrDefault(Keys.VISIBILITY, "").equals("cluster-local");
  }
}
