package dev.skep.control;

import dev.skep.api.ApiObject;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Host names and URLs of Services; pure. */
public record Addresses(String domain, int port) {
  /** The domain of the cluster. */
  public static final String INSIDE = "cluster.local";

  private static final String VISIBILITY = "networking.knative.dev/visibility";

  /** All names under which the gateway takes requests for a Service. */
  List<String> hosts(ApiObject service) {
    String inside = service.name() + "." + service.namespace();
    Stream<String> internal = Stream.of(inside, inside + ".svc", inside + ".svc." + INSIDE);
    Stream<String> external = isLocal(service) ? Stream.of() : Stream.of(inside + "." + domain);
    return Stream.concat(external, internal).map(host -> host.toLowerCase(Locale.ROOT)).toList();
  }

  /** Where people reach it. */
  String url(ApiObject service) {
    String host = service.name() + "." + service.namespace() + "." + domain;
    return isLocal(service) ? address(service) : "http://" + host + (port == 80 ? "" : ":" + port);
  }

  /** Where other functions reach it. */
  String address(ApiObject service) {
    return "http://" + service.name() + "." + service.namespace() + ".svc." + INSIDE;
  }

  /** Where functions of a namespace look for short names, as pods do. */
  public static List<String> searchDomains(String namespace) {
    return List.of(namespace + ".svc." + INSIDE, "svc." + INSIDE, INSIDE);
  }

  private static boolean isLocal(ApiObject service) {
    return service.labels().getOrDefault(VISIBILITY, "").equals("cluster-local");
  }
}
