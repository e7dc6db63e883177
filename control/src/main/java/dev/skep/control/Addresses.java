package dev.skep.control;

import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Host names and URLs of routes and of their tags, as they are now. It belongs to the control
 * thread.
 */
public final class Addresses {
  /** The domain of the cluster. */
  public static final String INSIDE = "cluster.local";

  private final int port;
  private final int tlsPort;
  private Naming naming;

  /**
   * @param tlsPort where the gateway takes TLS; 0 where it does not
   */
  Addresses(Naming naming, int port, int tlsPort) {
    this.naming = naming;
    this.port = port;
    this.tlsPort = tlsPort;
  }

  /** Whether names, or what is led to them, may be others now. */
  boolean become(Naming other) {
    boolean changed = !other.equals(naming);
    naming = other;
    return changed;
  }

  Naming naming() {
    return naming;
  }

  boolean takeTls() {
    return tlsPort != 0;
  }

  /** The name of a route under which one of its tags is reached. */
  ObjectName tagged(ObjectName route, String tag) {
    return naming.tagged(route, tag);
  }

  /** All names inside the cluster of a route, or of its tag. */
  static List<String> insideNames(ObjectName name) {
    String inside = name.name() + "." + name.namespace();
    return Stream.of(inside, inside + ".svc", inside(name))
        .map(host -> host.toLowerCase(Locale.ROOT))
        .toList();
  }

  /** The full name of the place where people reach it, without port. */
  String host(ApiObject route, ObjectName name, boolean local) {
    if (local) {
      return inside(name);
    }
    var values =
        new NameTemplate.Values(
            Map.of(
                "Name", name.name(),
                "Namespace", name.namespace(),
                "Domain", naming.domain(route.labels())),
            Map.of("Labels", route.labels(), "Annotations", route.annotations()));
    return naming.domainTemplate().apply(values);
  }

  /** The full name inside the cluster. */
  static String inside(ObjectName name) {
    return "%s.%s.svc.%s".formatted(name.name(), name.namespace(), INSIDE);
  }

  /** Where people reach it. */
  String url(ApiObject route, ObjectName name, boolean local) {
    String host = host(route, name, local);
    return local ? "http://" + host : naming.https() ? https(host) : http(host);
  }

  /** Without TLS. */
  String http(String host) {
    return "http://" + host + (port == 80 ? "" : ":" + port);
  }

  /** With TLS. */
  String https(String host) {
    return "https://" + host + (tlsPort == 443 || tlsPort == 0 ? "" : ":" + tlsPort);
  }

  /** Where requests to a name for the outside are sent that come without TLS; empty for nowhere. */
  String redirect(ApiObject route, ObjectName name) {
    return naming.redirects(route) && takeTls() ? https(host(route, name, false)) : "";
  }

  /** Where other functions reach it. */
  static String address(ObjectName route) {
    return "http://" + inside(route);
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
