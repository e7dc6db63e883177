package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Reads what the API says of Services. */
final class Services {
  private Services() {}

  /** The condition Ready: its status (True, False, Unknown), reason and message. */
  static Json ready(Json service) {
    return condition(service, "Ready");
  }

  static Json condition(Json service, String type) {
    for (Json condition : service.at("status", "conditions").items()) {
      if (condition.at("type").text().equals(type)) {
        return condition;
      }
    }
    return new Json(null);
  }

  /** Whether the status speaks of the spec as it is now. */
  static boolean isObserved(Json service) {
    return service.at("status", "observedGeneration").number()
        >= service.at("metadata", "generation").number();
  }

  static String name(Json object) {
    return object.at("metadata", "name").text();
  }

  static String namespace(Json object) {
    return object.at("metadata", "namespace").text();
  }

  static URI url(Json service) {
    String url = service.at("status", "url").text();
    if (url.isEmpty()) {
      throw new SkepException(
          Code.UNAVAILABLE,
          "service "
              + namespace(service)
              + "/"
              + name(service)
              + " has no address yet (see 'skep describe "
              + name(service)
              + "')");
    }
    return URI.create(url);
  }

  /** Where the gateway listens, as the daemon says. */
  static InetSocketAddress gateway(Json status) {
    String address = status.at("gateway").text();
    int colon = address.lastIndexOf(':');
    if (colon < 0) {
      throw new SkepException(
          Code.UNAVAILABLE, "the daemon names no gateway (found: '" + address + "')");
    }
    String host = address.substring(0, colon);
    String reachable = host.equals("0.0.0.0") || host.equals("[::]") ? "127.0.0.1" : host;
    return new InetSocketAddress(reachable, Integer.parseInt(address.substring(colon + 1)));
  }

  /** The newest start of a service or instance. */
  static Optional<Json> lastStart(ApiClient api, String query) {
    List<Json> starts = api.get(ApiClient.SKEP + "/starts?limit=1&" + query).at("items").items();
    return starts.isEmpty() ? Optional.empty() : Optional.of(starts.getFirst());
  }

  /** All that are known of one trace, the newest first. */
  static List<Json> startsOf(ApiClient api, String trace) {
    return api.get(ApiClient.SKEP + "/starts?limit=1000&trace=" + ApiClient.encode(trace))
        .at("items")
        .items();
  }
}
