package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that take too long. */
class TimeoutTest {
  private static final Duration SHORT = Duration.ofMillis(150);

  /** Longer than a cold JVM on a busy machine needs to pass on the first byte. */
  private static final Duration AFTER_FIRST_BYTE = Duration.ofSeconds(2);

  private static final Duration LONG = Duration.ofSeconds(10);

  private final Harness harness = new Harness();
  private final Client client = new Client(harness.port());
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void close() {
    end.countDown();
    client.close();
    harness.close();
  }

  private Origin silent() {
    return new Origin(exchange -> end.await());
  }

  @Test
  void answers504WhenNoInstanceComesInTime() throws Exception {
    harness.gateway.revision(Harness.timeouts(SHORT, Duration.ZERO, Duration.ZERO));
    var response = client.get("/");
    assertThat(response.statusCode()).isEqualTo(504);
    assertThat(response.body())
        .contains("request timeout", "no instance was free", "ns/hello-00001", "150 ms");
    harness.awaitParked(0);
  }

  @Test
  void answers504WhenTheInstanceIsSilent() throws Exception {
    harness.gateway.revision(Harness.timeouts(SHORT, Duration.ZERO, Duration.ZERO));
    try (Origin origin = silent()) {
      harness.instances(origin.port());
      var response = client.get("/");
      assertThat(response.statusCode()).isEqualTo(504);
      assertThat(response.body()).contains("request timeout", "no response");
      harness.awaitInFlight(0);
    }
  }

  @Test
  void answers504WhenTheResponseDoesNotStartInTime() throws Exception {
    harness.gateway.revision(Harness.timeouts(LONG, SHORT, Duration.ZERO));
    try (Origin origin = silent()) {
      harness.instances(origin.port());
      assertThat(client.get("/").statusCode()).isEqualTo(504);
    }
  }

  @Test
  void answers504WhenNothingMoves() throws Exception {
    harness.gateway.revision(Harness.timeouts(LONG, Duration.ZERO, SHORT));
    try (Origin origin = silent()) {
      harness.instances(origin.port());
      assertThat(client.get("/").statusCode()).isEqualTo(504);
    }
  }

  @Test
  void endsAResponseThatHasBegunWithWhatHappened() throws Exception {
    assertThat(brokenOff("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nbegun\n"))
        .isEqualTo("5\r\nbegun\r\nf\r\nrequest timeout\r\n0\r\n\r\n");
  }

  @Test
  void breaksOffAResponseOfKnownLength() throws Exception {
    assertThat(brokenOff("HTTP/1.1 200 OK\nContent-Length: 100\n\nbegun")).isEqualTo("begun");
  }

  /** What the client gets after the head of a response that the instance never ends. */
  private String brokenOff(String response) throws Exception {
    harness.gateway.revision(Harness.timeouts(AFTER_FIRST_BYTE, Duration.ZERO, Duration.ZERO));
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send(response);
                  end.await();
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
      return wire.rest();
    }
  }

  @Test
  void bytesInOneDirectionKeepARequestFromIdling() throws Exception {
    harness.gateway.revision(Harness.timeouts(LONG, Duration.ZERO, Duration.ofSeconds(2)));
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nContent-Length: 8\n\n");
                  for (int i = 0; i < 8; i++) {
                    // Longer than the limit in all, shorter each time.
                    end.await(300, java.util.concurrent.TimeUnit.MILLISECONDS);
                    wire.sendRaw("x");
                  }
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      wire.head();
      assertThat(wire.bytes(8)).isEqualTo("xxxxxxxx");
    }
  }

  @Test
  void leavesTheBodyOfAParkedRequestUnread() throws Exception {
    try (Wire wire = Wire.connect(harness.port())) {
      wire.send("POST / HTTP/1.1\nHost: hello.test\nContent-Length: 1000000000\n\n");
      harness.awaitParked(1);
      wire.socket().setSoTimeout(0);
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        wire.sendRaw("x".repeat(100_000));
                      }
                    } catch (java.io.IOException e) {
                      // the test closed the socket
                    }
                  });
      long read = harness.gateway.metrics().snapshot().requestBytes();
      assertThat(writer.join(Duration.ofMillis(300))).isFalse(); // blocked by the full socket
      assertThat(harness.gateway.metrics().snapshot().requestBytes() - read).isLessThan(2 << 20);
    }
  }
}
