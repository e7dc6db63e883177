package dev.skep.gateway;

import dev.skep.api.Protocol;
import dev.skep.api.RevisionKey;
import dev.skep.control.DataPlaneListener;
import dev.skep.control.Endpoint;
import dev.skep.control.RevisionTraffic;
import dev.skep.control.RouteTable;
import dev.skep.telemetry.RequestIds;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * A gateway with two fixed routes to one origin, for {@code bench/gateway/run}: host {@code
 * h1.bench} over HTTP/1.1 and {@code h2.bench} over HTTP/2. Arguments: port to listen on, port of
 * the HTTP/1.1 origin, port of the HTTP/2 origin.
 */
final class BenchGateway {
  private static final class Silent implements DataPlaneListener {
    @Override
    public void parked(RevisionKey revision, RequestIds ids, long arrivedNanos) {}

    @Override
    public void served(Served served) {}

    @Override
    public void unreachable(RevisionKey revision, String instance, String cause) {}
  }

  private BenchGateway() {}

  public static void main(String[] args) throws InterruptedException {
    InetSocketAddress listen = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]));
    try (Gateway gateway = new Gateway(GatewayConfig.listeningOn(listen), new Silent())) {
      RevisionKey http1 = new RevisionKey("bench", "h1");
      RevisionKey http2 = new RevisionKey("bench", "h2");
      gateway.revision(traffic(http1, Protocol.HTTP1));
      gateway.revision(traffic(http2, Protocol.H2C));
      gateway.endpoints(http1, List.of(origin("h1-0", args[1])));
      gateway.endpoints(http2, List.of(origin("h2-0", args[2])));
      gateway.routes(new RouteTable(Map.of("h1.bench", route(http1), "h2.bench", route(http2))));
      gateway.start();
      System.out.println("listening on " + gateway.port());
      new CountDownLatch(1).await();
    }
  }

  private static RevisionTraffic traffic(RevisionKey key, Protocol protocol) {
    return new RevisionTraffic(
        key, protocol, 0, Duration.ofMinutes(5), Duration.ZERO, Duration.ZERO, 1000);
  }

  private static Endpoint origin(String instance, String port) {
    return new Endpoint(instance, new InetSocketAddress("127.0.0.1", Integer.parseInt(port)));
  }

  private static RouteTable.Route route(RevisionKey key) {
    return new RouteTable.Route(List.of(new RouteTable.Target(key, 100)));
  }
}
