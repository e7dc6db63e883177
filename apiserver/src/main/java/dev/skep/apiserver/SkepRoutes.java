package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.control.ScalingView;
import dev.skep.telemetry.ColdStart;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/** What is our own: {@code /apis/skep.dev/v1/...}. */
final class SkepRoutes {
  static final String GROUP = "skep.dev";

  private static final int DEFAULT_STARTS = 100;

  private final ApiParts parts;
  private final InstanceRoutes instances;
  private final ImageRoutes images;
  private final SnapshotRoutes snapshots;
  private final UserRoutes users;

  SkepRoutes(ApiParts parts, Users users) {
    this.parts = parts;
    this.instances = new InstanceRoutes(parts.instances());
    this.images = new ImageRoutes(parts.images());
    this.users = new UserRoutes(users);
    this.snapshots = new SnapshotRoutes(parts.snapshots(), parts.archive());
  }

  /**
   * @param path behind the version
   */
  void handle(List<String> path, Exchange exchange) {
    exchange.user().check(access(path, exchange));
    switch (path.getFirst()) {
      case "status" -> {
        only(exchange, "GET");
        exchange.send(ApiJson.mapper().valueToTree(parts.status().get()));
      }
      case "starts" -> {
        only(exchange, "GET");
        starts(exchange);
      }
      case "scaling" -> {
        only(exchange, "GET");
        scaling(exchange);
      }
      case "images" -> images.handle(exchange);
      case "snapshots" -> snapshots.handle(path.subList(1, path.size()), exchange);
      case "instances" ->
          instances.handle(Optional.empty(), path.subList(1, path.size()), exchange);
      case "users" -> users.handle(path.subList(1, path.size()), exchange);
      case "namespaces" -> namespaced(path, exchange);
      default -> throw ApiFailure.notFound(exchange.pathText());
    }
  }

  private static Access access(List<String> path, Exchange exchange) {
    boolean namespaced = path.size() > 2 && path.getFirst().equals("namespaces");
    List<String> rest = namespaced ? path.subList(2, path.size()) : path;
    Optional<String> name = rest.size() > 1 ? Optional.of(rest.get(1)) : Optional.empty();
    boolean filtered =
        exchange.method().equals("GET")
            && (rest.getFirst().equals("starts") || rest.equals(List.of("snapshots")));
    return new Access(
        Access.verb(name, exchange),
        GROUP,
        rest.getFirst(),
        rest.size() > 2 ? rest.get(2) : "",
        namespaced ? path.get(1) : filtered ? exchange.query("namespace").orElse("") : "",
        name.orElse(""));
  }

  private void namespaced(List<String> path, Exchange exchange) {
    if (path.size() < 3 || !path.get(2).equals("instances")) {
      throw ApiFailure.notFound(exchange.pathText());
    }
    instances.handle(Optional.of(path.get(1)), path.subList(3, path.size()), exchange);
  }

  private void starts(Exchange exchange) {
    Predicate<ColdStart> filter =
        matching(exchange, "namespace", ColdStart::namespace)
            .and(matching(exchange, "service", ColdStart::service))
            .and(matching(exchange, "revision", ColdStart::revision))
            .and(matching(exchange, "instance", ColdStart::instance))
            .and(matching(exchange, "id", ColdStart::id))
            .and(matching(exchange, "requestId", start -> start.requestId().orElse("")))
            .and(matching(exchange, "trace", start -> start.traceId().orElse("")));
    int limit = (int) Math.min(Integer.MAX_VALUE, exchange.number("limit").orElse(DEFAULT_STARTS));
    ObjectNode list = ApiJson.object();
    list.set("items", ApiJson.mapper().valueToTree(parts.starts().list(filter, limit)));
    exchange.send(list);
  }

  /** The last decision about each revision. */
  private void scaling(Exchange exchange) {
    Predicate<ScalingView> filter =
        matching(exchange, "namespace", ScalingView::namespace)
            .and(matching(exchange, "service", ScalingView::service))
            .and(matching(exchange, "revision", ScalingView::revision));
    ObjectNode list = ApiJson.object();
    list.set(
        "items",
        ApiJson.mapper().valueToTree(parts.instances().scaling().stream().filter(filter).toList()));
    exchange.send(list);
  }

  private static <T> Predicate<T> matching(
      Exchange exchange, String parameter, Function<T, String> value) {
    Optional<String> wanted = exchange.query(parameter).filter(text -> !text.isEmpty());
    return object -> wanted.isEmpty() || wanted.get().equals(value.apply(object));
  }

  static void only(Exchange exchange, String method) {
    if (!exchange.method().equals(method)) {
      throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }
}
