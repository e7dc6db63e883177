package dev.skep.gateway;

import static org.awaitility.Awaitility.await;

import dev.skep.api.Protocol;
import dev.skep.api.RevisionKey;
import dev.skep.control.DataPlaneListener;
import dev.skep.control.Endpoint;
import dev.skep.control.RevisionTraffic;
import dev.skep.control.RouteTable;
import dev.skep.telemetry.RequestIds;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A gateway on a free port with routes {@code hello.test} and {@code localhost} to one revision and
 * a record of what it tells.
 */
final class Harness implements AutoCloseable {
  static final RevisionKey KEY = new RevisionKey("ns", "hello-00001");
  static final String HOST = "hello.test";

  /** Keeps all news. */
  static final class News implements DataPlaneListener {
    final List<String> parked = new CopyOnWriteArrayList<>();
    final List<Served> served = new CopyOnWriteArrayList<>();
    final List<String> unreachable = new CopyOnWriteArrayList<>();

    @Override
    public void parked(RevisionKey revision, RequestIds ids, long arrivedNanos) {
      parked.add(ids.request());
    }

    @Override
    public void served(Served each) {
      served.add(each);
    }

    @Override
    public void unreachable(RevisionKey revision, String instance, String cause) {
      unreachable.add(instance);
    }
  }

  final News news = new News();
  final Gateway gateway;
  private final Map<String, RouteTable.Route> routes = new HashMap<>();

  Harness() {
    this(Duration.ofSeconds(2));
  }

  Harness(Duration drain) {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    gateway = new Gateway(GatewayConfig.listeningOn(any).withDrain(drain), news);
    gateway.revision(traffic());
    route(HOST, new RouteTable.Target(KEY, 100));
    route("localhost", new RouteTable.Target(KEY, 100));
    gateway.start();
  }

  /** Unlimited concurrency, ten seconds, a hundred places to wait. */
  static RevisionTraffic traffic() {
    return traffic(Protocol.HTTP1, 0);
  }

  static RevisionTraffic traffic(Protocol protocol, int containerConcurrency) {
    return new RevisionTraffic(
        KEY,
        protocol,
        containerConcurrency,
        Duration.ofSeconds(10),
        Duration.ZERO,
        Duration.ZERO,
        100);
  }

  static RevisionTraffic timeouts(Duration whole, Duration responseStart, Duration idle) {
    return new RevisionTraffic(KEY, Protocol.HTTP1, 0, whole, responseStart, idle, 100);
  }

  static RevisionTraffic queue(int containerConcurrency, int depth) {
    return new RevisionTraffic(
        KEY,
        Protocol.HTTP1,
        containerConcurrency,
        Duration.ofSeconds(10),
        Duration.ZERO,
        Duration.ZERO,
        depth);
  }

  void route(String host, RouteTable.Target... targets) {
    routes.put(host, new RouteTable.Route(Arrays.asList(targets)));
    gateway.routes(new RouteTable(routes));
  }

  /** Makes origins on these ports the ready instances {@code i-0}, {@code i-1}... */
  void instances(int... ports) {
    List<Endpoint> ready = new ArrayList<>();
    for (int port : ports) {
      ready.add(endpoint("i-" + ready.size(), port));
    }
    gateway.endpoints(KEY, ready);
  }

  static Endpoint endpoint(String instance, int port) {
    return new Endpoint(instance, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  int port() {
    return gateway.port();
  }

  /** Waits until that many requests are parked. */
  void awaitParked(int count) {
    await().until(() -> gateway.sample(KEY).waiting() == count);
  }

  /** Waits until that many requests are inside instances. */
  void awaitInFlight(int count) {
    await().until(() -> gateway.sample(KEY).inFlight() == count);
  }

  @Override
  public void close() {
    gateway.close();
  }
}
