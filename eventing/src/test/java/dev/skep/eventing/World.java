package dev.skep.eventing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.EventingKind;
import dev.skep.control.Clocks;
import dev.skep.store.ResourceKind;
import dev.skep.store.SqliteStore;
import dev.skep.testkit.ManualClock;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * Eventing between a real store and real sockets. Its clock, and its thread, are moved by the test:
 * nothing is delivered before {@link #settle}.
 */
final class World implements AutoCloseable {
  /** What a function was sent. */
  record Seen(Map<String, String> headers, String body) {
    String type() {
      return headers.getOrDefault("ce-type", "");
    }
  }

  /** What a function answers. */
  record Answer(int status, Map<String, String> headers, String body) {
    static final Answer OK = new Answer(204, Map.of(), "");

    static Answer status(int status) {
      return new Answer(status, Map.of(), "");
    }

    static Answer event(String type) {
      return new Answer(
          200,
          Map.of("ce-specversion", "1.0", "ce-id", "r", "ce-source", "/f", "ce-type", type),
          "a reply");
    }
  }

  private static final Map<String, ResourceKind> KINDS =
      Map.of(
          "BROKER", ResourceKind.BROKER,
          "TRIGGER", ResourceKind.TRIGGER,
          "CHANNEL", ResourceKind.CHANNEL,
          "SUBSCRIPTION", ResourceKind.SUBSCRIPTION,
          "PING_SOURCE", ResourceKind.PING_SOURCE);

  final ManualClock clock = new ManualClock();
  final SqliteStore store;
  private final Path folder;
  private final EventQueue.Budget budget;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer gateway;
  private final Map<String, Function<Seen, Answer>> functions = new ConcurrentHashMap<>();
  private final Map<String, List<Seen>> seen = new ConcurrentHashMap<>();
  private Set<String> hosts = Set.of();
  private EventQueue queue;
  private Courier courier;
  private EventingLoop loop;
  private WebServer ingress;

  World(Path folder, EventQueue.Budget budget) throws IOException {
    this.folder = folder;
    this.budget = budget;
    store = SqliteStore.open(folder, clock);
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.setExecutor(threads);
    gateway.createContext("/", this::route);
    gateway.start();
    open();
  }

  private void open() {
    queue = EventQueue.open(folder.resolve("eventing.db"), budget);
    var names =
        new Names() {
          @Override
          public boolean isRouted(String host) {
            return functions.containsKey(host);
          }

          @Override
          public List<Inet4Address> service(String host) {
            return List.of();
          }
        };
    courier =
        new Courier(names, gateway.getAddress(), address -> !address.isLoopbackAddress(), threads);
    var parts =
        new Eventing.Parts(
            folder,
            new Clocks(clock, clock::nanoTime),
            store,
            names,
            gateway.getAddress(),
            _ -> true,
            Runnable::run);
    loop = new EventingLoop(parts, queue, courier, now -> hosts = now);
    ingress = Eventing.listen(new Ingress(loop::topology, queue, loop::queued));
    loop.begin();
  }

  private void shut() {
    ingress.stop();
    courier.close();
    queue.close();
  }

  /** Another one takes over, as after a crash: what was in memory is gone. */
  void restart() {
    shut();
    open();
  }

  private void route(HttpExchange exchange) throws IOException {
    try (exchange) {
      String host = exchange.getRequestURI().getHost();
      var headers = new TreeMap<String, String>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(), values.getFirst()));
      var one =
          new Seen(
              headers,
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      seen.computeIfAbsent(host, _ -> new ArrayList<>()).add(one);
      Answer answer = functions.get(host).apply(one);
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
      if (body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  /** A Knative Service that is ready. */
  void function(String name, Function<Seen, Answer> behaviour) {
    String host = name + ".default.svc.cluster.local";
    functions.put(host, behaviour);
    put(ResourceKind.KNATIVE_SERVICE, name, "{}");
    store.updateStatus(
        ResourceKind.KNATIVE_SERVICE,
        "default",
        name,
        status -> {
          status.putObject("address").put("url", "http://" + host);
          return status;
        });
    changed();
  }

  /** What a function was sent, oldest first. */
  List<Seen> seen(String function) {
    return List.copyOf(seen.getOrDefault(function + ".default.svc.cluster.local", List.of()));
  }

  List<String> types(String function) {
    return seen(function).stream().map(Seen::type).toList();
  }

  /** Makes an object as the API does. */
  void apply(EventingKind kind, String name, String spec) {
    ObjectNode object = tree(name, spec);
    kind.applyDefaults(object, Optional.empty());
    kind.validate(new ApiObject(object), Optional.empty());
    store.create(KINDS.get(kind.name()), new ApiObject(object));
    changed();
  }

  private void put(ResourceKind kind, String name, String spec) {
    store.create(kind, new ApiObject(tree(name, spec)));
  }

  private static ObjectNode tree(String name, String spec) {
    return ApiJson.parse(
        "{'metadata':{'name':'%s','namespace':'default'},'spec':%s}"
            .formatted(name, spec)
            .replace('\'', '"')
            .getBytes(StandardCharsets.UTF_8));
  }

  /** {@code ref} of a function. */
  static String ref(String function) {
    return "{'ref':{'apiVersion':'serving.knative.dev/v1','kind':'Service','name':'%s'}}"
        .formatted(function);
  }

  void delete(ResourceKind kind, String name) {
    store.delete(kind, "default", name);
    changed();
  }

  ApiObject get(ResourceKind kind, String name) {
    return store.get(kind, "default", name).orElseThrow();
  }

  /** {@code True}, {@code False: REASON}. */
  String condition(ResourceKind kind, String name, String type) {
    var condition = get(kind, name).condition(type).orElseThrow();
    String reason = condition.path("reason").asString("");
    return condition.path("status").asString() + (reason.isEmpty() ? "" : ": " + reason);
  }

  void changed() {
    loop.changed();
    settle();
  }

  /** Lets the thread do all that is due now. */
  void settle() {
    while (loop.runNext()) {
      // all of it
    }
  }

  void advance(Duration by) {
    clock.advance(by);
    settle();
  }

  Set<String> hosts() {
    return hosts;
  }

  /** Posts an event in binary mode; it is not delivered yet. */
  Wire post(String host, String path, String type) {
    return send(
        "POST",
        host,
        path,
        Map.of("ce-specversion", "1.0", "ce-id", "1", "ce-source", "/test", "ce-type", type),
        "data");
  }

  /** To the broker {@code default}. */
  Wire post(String type) {
    return post("broker-ingress.knative-eventing.svc.cluster.local", "/default/default", type);
  }

  Wire send(String method, String host, String path, Map<String, String> headers, String body) {
    return Wire.send(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), ingress.port()),
        method,
        host,
        path,
        headers,
        body.getBytes(StandardCharsets.UTF_8));
  }

  int waiting() {
    return queue.waiting().size();
  }

  @Override
  public void close() {
    shut();
    gateway.stop(0);
    threads.shutdownNow();
    store.close();
  }
}
