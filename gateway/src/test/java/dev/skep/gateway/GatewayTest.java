package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.Protocol;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.control.RevisionTraffic;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Start and end. */
class GatewayTest {
  @Test
  void namesTheTakenPortAndWhoHasIt() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());
      try (Gateway gateway = new Gateway(GatewayConfig.listeningOn(at), new Harness.News())) {
        assertThatThrownBy(gateway::start)
            .isInstanceOfSatisfying(
                SkepException.class,
                e -> assertThat(e.code()).isEqualTo(SkepException.Code.CONFLICT))
            .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
            .hasMessageContaining("pid " + ProcessHandle.current().pid())
            .hasMessageContaining("another port");
      }
    }
  }

  @Test
  void leadsItsOwnHostsBeforeThoseOfFunctions() throws Exception {
    try (Harness harness = new Harness();
        Origin function = new Origin(exchange -> Origin.answer(exchange, 200, "function"));
        Origin own = new Origin(exchange -> Origin.answer(exchange, 200, "own"));
        Client client = new Client(harness.port())) {
      harness.instances(function.port());
      assertThat(client.send(client.request("/")).body()).isEqualTo("function");
      var traffic =
          new RevisionTraffic(
              new RevisionKey("own", "server"),
              Protocol.HTTP1,
              0,
              Duration.ofSeconds(10),
              Duration.ZERO,
              Duration.ZERO,
              1);
      var server = new InetSocketAddress(InetAddress.getLoopbackAddress(), own.port());
      harness.gateway.own(Set.of("localhost", "127.0.0.1", "events"), traffic, server);
      assertThat(client.send(client.request("/")).body()).isEqualTo("own");
      assertThat(harness.gateway.hosts()).contains("events", Harness.HOST);
      assertThat(harness.gateway.leads("events")).isTrue();
      harness.gateway.own(Set.of(), traffic, server);
      assertThat(client.send(client.request("/")).body()).isEqualTo("function");
      assertThat(harness.gateway.leads("events")).isFalse();
    }
  }

  @Test
  void letsRequestsInProgressEndWhenItCloses() throws Exception {
    Harness harness = new Harness(Duration.ofSeconds(10));
    CountDownLatch finish = new CountDownLatch(1);
    try (Origin origin =
            new Origin(
                exchange -> {
                  finish.await();
                  Origin.answer(exchange, 200, "in time");
                });
        Client client = new Client(harness.port())) {
      harness.instances(origin.port());
      var response = client.sendAsync(client.request("/"));
      harness.awaitInFlight(1);
      int port = harness.port();
      Thread closing = Thread.ofVirtual().start(harness::close);
      awaitRefused(port);
      finish.countDown();
      assertThat(response.get(10, TimeUnit.SECONDS).body()).isEqualTo("in time");
      assertThat(response.get().headers().firstValue("Connection")).hasValue("close");
      assertThat(closing.join(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void refusesParkedRequestsWhenItCloses() throws Exception {
    Harness harness = new Harness(Duration.ofSeconds(10));
    try (Client client = new Client(harness.port())) {
      var response = client.sendAsync(client.request("/"));
      harness.awaitParked(1);
      harness.close();
      assertThat(response.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
      assertThat(response.get().body()).contains("shutting down");
    }
  }

  @Test
  void breaksOffWhatDoesNotEndInTime() throws Exception {
    Harness harness = new Harness(Duration.ofMillis(100));
    CountDownLatch never = new CountDownLatch(1);
    try (Origin origin = new Origin(exchange -> never.await());
        Client client = new Client(harness.port())) {
      harness.instances(origin.port());
      var response = client.sendAsync(client.request("/"));
      harness.awaitInFlight(1);
      long start = System.nanoTime();
      harness.close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(6));
      assertThat(response).failsWithin(Duration.ofSeconds(5));
      never.countDown();
    }
  }

  @Test
  void countsRequestsBytesAndLatency() throws Exception {
    try (Harness harness = new Harness();
        Origin origin = Origin.saying("four");
        Client client = new Client(harness.port())) {
      harness.instances(origin.port());
      client.get("/");
      client.get("/");
      try (Wire wire = Wire.connect(harness.port())) {
        wire.send("GET / HTTP/1.1\nHost: unknown.test\nConnection: close\n\n");
        wire.rest();
      }
      GatewayMetrics.Snapshot seen = harness.gateway.metrics().snapshot();
      assertThat(seen.responses()).containsExactly(0L, 0L, 2L, 0L, 1L, 0L);
      assertThat(seen.responseBytes()).isEqualTo(8);
      assertThat(seen.inProgress()).isZero();
      assertThat(seen.latencyBuckets().stream().mapToLong(Long::longValue).sum()).isEqualTo(3);
      assertThat(seen.latencySeconds()).isPositive();
    }
  }

  private static void awaitRefused(int port) {
    org.awaitility.Awaitility.await()
        .until(
            () -> {
              try {
                Wire.connect(port).close();
                return false;
              } catch (ConnectException e) {
                return true;
              }
            });
  }
}
