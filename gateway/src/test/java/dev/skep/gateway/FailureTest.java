package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Instances that can't be reached, die or break the protocol; clients that leave. */
class FailureTest {
  private final Harness harness = new Harness();
  private final Client client = new Client(harness.port());

  @AfterEach
  void close() {
    client.close();
    harness.close();
  }

  /** A port that nobody listens on. */
  private static int deadPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void takesAnotherInstanceWhenOneCannotBeReached() throws Exception {
    try (Origin origin = Origin.saying("alive")) {
      harness.instances(deadPort(), origin.port());
      for (int i = 0; i < 10; i++) {
        assertThat(client.get("/").body()).isEqualTo("alive");
      }
      assertThat(harness.news.unreachable).isNotEmpty().containsOnly("i-0");
    }
  }

  @Test
  void waitsForAnotherInstanceWhenTheOnlyOneCannotBeReached() throws Exception {
    harness.instances(deadPort());
    var response =
        client.sendAsync(
            client.request("/").POST(HttpRequest.BodyPublishers.ofString("kept body")));
    await().until(() -> !harness.news.unreachable.isEmpty());
    try (Origin origin =
        new Origin(
            exchange ->
                Origin.answer(
                    exchange, 200, new String(exchange.getRequestBody().readAllBytes())))) {
      harness.instances(deadPort(), origin.port());
      assertThat(response.get(10, TimeUnit.SECONDS).body()).isEqualTo("kept body");
    }
  }

  @Test
  void requestsInsideAnInstanceThatEndsFailThoughNoConnectionCloses() throws Exception {
    var never = new CountDownLatch(1);
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              never.await();
            })) {
      harness.instances(origin.port());
      var response =
          client.sendAsync(client.request("/").POST(HttpRequest.BodyPublishers.ofString("once")));
      await().until(() -> harness.gateway.inFlight(Harness.KEY, "i-0") == 1);
      harness.gateway.ended(Harness.KEY, "i-0");
      assertThat(response.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(502);
      never.countDown();
    }
  }

  @Test
  void triesAnUnreachableInstanceAgainAfterAWhile() throws Exception {
    int port = deadPort();
    harness.instances(port);
    var response = client.sendAsync(client.request("/"));
    await().until(() -> !harness.news.unreachable.isEmpty());
    try (WireOrigin late =
        new WireOrigin(
            port,
            wire -> {
              wire.head();
              wire.send("HTTP/1.1 200 OK\nContent-Length: 4\n\nlate");
              wire.head();
            })) {
      assertThat(response.get(10, TimeUnit.SECONDS).body()).isEqualTo("late");
      assertThat(late.connections).hasValue(1);
    }
  }

  @Test
  void answers502WhenTheInstanceDiesMidRequestAndServesOn() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              if (requests.getAndIncrement() > 0) {
                wire.send("HTTP/1.1 200 OK\nContent-Length: 5\n\nagain");
              }
            })) {
      harness.instances(origin.port());
      var failed = client.get("/");
      assertThat(failed.statusCode()).isEqualTo(502);
      assertThat(failed.body()).contains("i-0", "ns/hello-00001", "closed the connection");
      assertThat(harness.news.unreachable).containsExactly("i-0");
      assertThat(client.get("/").body()).isEqualTo("again");
    }
  }

  @Test
  void breaksOffTheResponseOfAnInstanceThatDies() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nbegun\n");
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      wire.head();
      assertThat(wire.rest()).isEqualTo("5\r\nbegun\r\n");
      harness.awaitInFlight(0);
    }
  }

  @Test
  void answers502ForAResponseThatIsNotHttp() throws Exception {
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              wire.send("SSH-2.0-OpenSSH_9.2\n");
              wire.rest();
            })) {
      harness.instances(origin.port());
      var response = client.get("/");
      assertThat(response.statusCode()).isEqualTo(502);
      assertThat(response.body()).contains("not HTTP/1.1");
    }
  }

  @Test
  void repeatsARequestOnAConnectionThatTheInstanceJustClosed() throws Exception {
    AtomicInteger served = new AtomicInteger();
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              served.incrementAndGet();
              wire.send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
              wire.head(); // the second request of the connection meets its end
            })) {
      harness.instances(origin.port());
      assertThat(client.get("/").body()).isEqualTo("ok");
      harness.awaitInFlight(0);
      assertThat(client.get("/").body()).isEqualTo("ok");
      assertThat(served).hasValue(2);
      assertThat(harness.news.unreachable).isEmpty();
    }
  }

  @Test
  void neverRepeatsARequestWithABody() throws Exception {
    AtomicInteger posts = new AtomicInteger();
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              wire.send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
              if (wire.head().getFirst().startsWith("POST")) {
                posts.incrementAndGet();
              }
            })) {
      harness.instances(origin.port());
      client.get("/");
      harness.awaitInFlight(0);
      var post = client.send(client.request("/").POST(HttpRequest.BodyPublishers.ofString("x")));
      assertThat(post.statusCode()).isEqualTo(502);
      assertThat(posts).hasValue(1);
    }
  }

  @Test
  void dropsBytesThatNobodyAskedFor() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send(
                      "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
                          + "HTTP/1.1 200 OK\nContent-Length: 6\n\npoison");
                  wire.rest();
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      for (int i = 0; i < 3; i++) {
        wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
        wire.head();
        assertThat(wire.bytes(2)).isEqualTo("ok");
      }
      assertThat(origin.connections).hasValue(3);
    }
  }

  @Test
  void keepsTheSlotOfAnInstanceThatStillWorksForAClientThatLeft() throws Exception {
    harness.gateway.revision(Harness.traffic(Protocol.HTTP1, 1));
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (Origin origin =
            new Origin(
                exchange -> {
                  most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                  if (exchange.getRequestURI().getPath().equals("/slow")) {
                    entered.countDown();
                    finish.await();
                  }
                  inside.decrementAndGet();
                  Origin.answer(exchange, 200, "ok");
                });
        Wire leaver = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      leaver.send("GET /slow HTTP/1.1\nHost: hello.test\n\n");
      entered.await();
      leaver.socket().close();
      var next = client.sendAsync(client.request("/next"));
      harness.awaitParked(1);
      assertThat(harness.gateway.inFlight(Harness.KEY, "i-0")).isEqualTo(1);
      finish.countDown();
      assertThat(next.get(10, TimeUnit.SECONDS).body()).isEqualTo("ok");
      assertThat(most).hasValue(1);
    }
  }

  @Test
  void closesTheInstancesConnectionWhenTheClientLeavesMidResponse() throws Exception {
    CountDownLatch noticed = new CountDownLatch(1);
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nbegun\n");
                  wire.rest();
                  noticed.countDown();
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      wire.head();
      wire.socket().close();
      assertThat(noticed.await(5, TimeUnit.SECONDS)).isTrue();
      harness.awaitInFlight(0);
    }
  }

  @Test
  void letsRequestsInARemovedInstanceGoOnAndCountsThem() throws Exception {
    CountDownLatch finish = new CountDownLatch(1);
    try (Origin origin =
        new Origin(
            exchange -> {
              finish.await();
              Origin.answer(exchange, 200, "done");
            })) {
      harness.instances(origin.port());
      var response = client.sendAsync(client.request("/"));
      harness.awaitInFlight(1);
      harness.instances();
      assertThat(harness.gateway.inFlight(Harness.KEY, "i-0")).isEqualTo(1);
      harness.gateway.forget(Harness.KEY);
      assertThat(harness.gateway.inFlight(Harness.KEY, "i-0")).isEqualTo(1);
      finish.countDown();
      assertThat(response.get(10, TimeUnit.SECONDS).body()).isEqualTo("done");
      await().until(() -> harness.gateway.inFlight(Harness.KEY, "i-0") == 0);
    }
  }
}
