package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.Protocol;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Slow readers: what is written ahead of them is bounded, and the writer is held back. */
class BackPressureTest {
  private static final String BLOCK = "x".repeat(64 * 1024);

  /** Both sockets' kernel buffers (at most 4 and 6 MiB each), and ours. */
  private static final long MOST_AHEAD = 32L << 20;

  private static final long PLENTY = 200L << 20;

  private final Harness harness = new Harness();
  private final CountDownLatch end = new CountDownLatch(1);
  private final AtomicLong written = new AtomicLong();

  @AfterEach
  void close() {
    end.countDown();
    harness.close();
  }

  private void write(Wire wire, long bytes) throws IOException {
    for (long sent = 0; sent < bytes; sent += BLOCK.length()) {
      wire.sendRaw(BLOCK);
      written.addAndGet(BLOCK.length());
    }
  }

  /** Waits until the writer stands still, and tells how far it came. */
  private long standstill() {
    AtomicLong last = new AtomicLong(-1);
    await()
        .pollInterval(Duration.ofMillis(200))
        .atMost(Duration.ofSeconds(20))
        .until(() -> written.get() > 0 && last.getAndSet(written.get()) == written.get());
    return written.get();
  }

  @Test
  void aSlowHttp1ClientHoldsTheInstanceBack() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nContent-Length: " + PLENTY + "\n\n");
                  write(wire, PLENTY);
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      wire.head();
      assertThat(standstill()).isLessThan(MOST_AHEAD);
      for (long read = 0; read < PLENTY; read += BLOCK.length()) {
        assertThat(wire.bytes(BLOCK.length())).hasSize(BLOCK.length());
      }
      harness.awaitInFlight(0);
    }
  }

  @Test
  void aSlowInstanceHoldsTheHttp1ClientBack() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  read.await();
                  for (long got = 0; got < PLENTY; got += BLOCK.length()) {
                    wire.bytes(BLOCK.length());
                  }
                  wire.send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
                  wire.head();
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("POST / HTTP/1.1\nHost: hello.test\nContent-Length: " + PLENTY + "\n\n");
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      write(wire, PLENTY);
                    } catch (IOException e) {
                      // the assertions below tell
                    }
                  });
      assertThat(standstill()).isLessThan(MOST_AHEAD);
      read.countDown();
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
      assertThat(writer.join(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void aSlowHttp2ClientHoldsAnHttp1InstanceBackAndOnlyItsOwnStream() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  if (wire.head().getFirst().contains("/quick")) {
                    wire.send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
                    return;
                  }
                  wire.send("HTTP/1.1 200 OK\nContent-Length: " + PLENTY + "\n\n");
                  write(wire, PLENTY);
                });
        Http2Client client = new Http2Client(harness.port())) {
      harness.instances(origin.port());
      var slow = client.openUnread().head(true, "GET", "/slow");
      assertThat(standstill()).isLessThan(MOST_AHEAD);
      var quick = client.open().head(true, "GET", "/quick");
      assertThat(quick.next()).isEqualTo("status 200");
      slow.reset();
      harness.awaitInFlight(0);
    }
  }

  @Test
  void aParkedHttp2UploadIsBoundedByItsWindow() throws Exception {
    harness.gateway.revision(Harness.traffic(Protocol.H2C, 0));
    try (Http2Client client = new Http2Client(harness.port());
        Http2Origin origin = new Http2Origin()) {
      var stream = client.open().head(false, "POST", "/");
      for (int i = 0; i < 64; i++) {
        stream.data(BLOCK, i == 63);
      }
      harness.awaitParked(1);
      var other = client.open().head(true, "GET", "/", "x-mine", "a");
      harness.awaitParked(2); // the parked upload does not block the connection
      assertThat(harness.gateway.metrics().snapshot().requestBytes())
          .isLessThanOrEqualTo(Http2Link.STREAM_WINDOW);
      harness.instances(origin.port());
      assertThat(other.next()).isEqualTo("status 200");
      assertThat(stream.next()).isEqualTo("status 200");
      long echoed = 0;
      while (echoed < 64L * BLOCK.length()) {
        String event = stream.next();
        assertThat(event).startsWith("data ");
        echoed += event.length() - "data ".length();
      }
      assertThat(stream.next()).isEqualTo("trailers");
      assertThat(end.await(0, TimeUnit.SECONDS)).isFalse();
    }
  }
}
