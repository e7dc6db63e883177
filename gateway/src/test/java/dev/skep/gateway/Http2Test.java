package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Protocol;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP/2 clients, and functions that speak the other protocol than their client. */
class Http2Test {
  private final Harness harness = new Harness();
  private final Http2Client client = new Http2Client(harness.port());
  private final BlockingQueue<List<String>> heads = new LinkedBlockingQueue<>();

  Http2Test() throws InterruptedException {}

  @AfterEach
  void close() {
    client.close();
    harness.close();
  }

  @Test
  void callsAnHttp1Function() throws Exception {
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              heads.add(wire.head());
              assertThat(wire.bytes(3)).isEqualTo("abc");
              wire.send(
                  "HTTP/1.1 201 Created\nX-Mine: a\nConnection: X-Gone\nX-Gone: 1\n"
                      + "Keep-Alive: timeout=1\nContent-Length: 2\n\nok");
              wire.head();
            })) {
      harness.instances(origin.port());
      var stream = client.open();
      stream
          .head(
              false,
              "POST",
              "/p?q=1",
              "cookie",
              "a=1",
              "cookie",
              "b=2",
              "content-length",
              "3",
              "te",
              "trailers",
              "k-network-probe",
              "x")
          .data("abc", true);
      assertThat(stream.next()).isEqualTo("status 201");
      assertThat(stream.next()).isEqualTo("data ok");
      assertThat(stream.next()).isEqualTo("end");
      var response = stream.heads.poll();
      assertThat(response.get("x-mine")).hasToString("a");
      assertThat(response.get("x-gone")).isNull();
      assertThat(response.get("keep-alive")).isNull();
      List<String> head = heads.poll(5, TimeUnit.SECONDS);
      assertThat(head).first().isEqualTo("POST /p?q=1 HTTP/1.1");
      assertThat(head)
          .contains("host: hello.test", "cookie: a=1; b=2", "content-length: 3", "te: trailers")
          .noneMatch(line -> line.startsWith("k-") || line.startsWith(":"));
      assertThat(origin.failures).isEmpty();
    }
  }

  @Test
  void passesChunksTrailersAndInformationFromAnHttp1Function() throws Exception {
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              wire.send("HTTP/1.1 103 Early Hints\nLink: </x>\n\n");
              wire.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\nX-Sum: 7\n\n");
              wire.head();
            })) {
      harness.instances(origin.port());
      var stream = client.open().head(true, "GET", "/");
      assertThat(stream.next()).isEqualTo("status 103");
      assertThat(stream.next()).isEqualTo("status 200");
      assertThat(stream.next()).isEqualTo("data hi");
      assertThat(stream.next()).isEqualTo("trailers");
      assertThat(stream.next()).isEqualTo("end");
      stream.heads.poll();
      stream.heads.poll();
      assertThat(stream.heads.poll().get("x-sum")).hasToString("7");
    }
  }

  @Test
  void sendsTrailersToAnHttp1Function() throws Exception {
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              heads.add(wire.head());
              heads.add(wire.head());
              wire.send("HTTP/1.1 204 No Content\n\n");
              wire.head();
            })) {
      harness.instances(origin.port());
      var stream = client.open().head(false, "POST", "/").data("abc", false);
      stream.trailers("x-check", "9");
      assertThat(stream.next()).isEqualTo("status 204");
      assertThat(heads.poll(5, TimeUnit.SECONDS)).contains("transfer-encoding: chunked");
      assertThat(heads.poll(5, TimeUnit.SECONDS)).containsSequence("abc", "0", "x-check: 9");
    }
  }

  @Test
  void servesHeadRequests() throws Exception {
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              while (!wire.head().isEmpty()) {
                wire.send("HTTP/1.1 200 OK\nContent-Length: 1234\n\n");
              }
            })) {
      harness.instances(origin.port());
      for (int i = 0; i < 2; i++) {
        var stream = client.open().head(true, "HEAD", "/");
        assertThat(stream.next()).isEqualTo("status 200");
        assertThat(stream.next()).isEqualTo("end");
        assertThat(stream.heads.poll().get("content-length")).hasToString("1234");
      }
    }
  }

  @Test
  void http1ClientCallsAnH2cFunction() throws Exception {
    harness.gateway.revision(Harness.traffic(Protocol.H2C, 0));
    try (Http2Origin origin = new Http2Origin();
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("POST /echo HTTP/1.1\nHost: hello.test\nContent-Length: 3\nX-Mine: a\n\nabc");
      assertThat(wire.head())
          .contains("HTTP/1.1 200 OK", "x-seen-path: /echo", "x-seen-authority: hello.test")
          .contains("x-seen-mine: a", "transfer-encoding: chunked");
      assertThat(wire.head()).containsExactly("3", "abc", "0", "x-sum: 3");
      wire.send("GET /none HTTP/1.1\nHost: hello.test\n\n");
      assertThat(wire.head()).contains("HTTP/1.1 200 OK", "content-length: 0");
    }
  }

  @Test
  void neverLetsLineBreaksIntoHttp1() throws Exception {
    try (WireOrigin origin = new WireOrigin(wire -> heads.add(wire.head()))) {
      harness.instances(origin.port());
      for (String[] field :
          new String[][] {{"x-a", "1\r\nX-Evil: 1"}, {"x-b\r\nx-evil", "1"}, {"x-c", "1\nGET /"}}) {
        var stream = client.open().head(true, "GET", "/", field[0], field[1]);
        assertThat(stream.next()).isIn("status 400", "reset PROTOCOL_ERROR");
      }
      for (String path : List.of("/a b", "/a\r\nX-Evil:1", "a", "")) {
        var stream = client.open().head(true, "GET", path);
        assertThat(stream.next()).isIn("status 400", "reset PROTOCOL_ERROR");
      }
      var method = client.open().head(true, "GET / HTTP/1.1\r\nX:", "/");
      assertThat(method.next()).isIn("status 400", "reset PROTOCOL_ERROR");
      assertThat(heads).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"connection, close", "transfer-encoding, chunked", "content-length, 5"})
  void refusesFieldsThatFrameHttp1(String name, String value) throws Exception {
    try (WireOrigin origin = new WireOrigin(wire -> heads.add(wire.head()))) {
      harness.instances(origin.port());
      var stream = client.open().head(true, "POST", "/", name, value);
      assertThat(stream.next()).isIn("status 400", "reset PROTOCOL_ERROR");
      assertThat(heads).isEmpty();
    }
  }

  @Test
  void namesTheUnknownHostAndAnswers503WhenFull() throws Exception {
    harness.gateway.revision(Harness.queue(0, 1));
    var parked = client.open().head(true, "GET", "/");
    harness.awaitParked(1);
    var full = client.open().head(true, "GET", "/");
    assertThat(full.next()).isEqualTo("status 503");
    assertThat(full.next()).contains("pending request queue full");
    parked.reset();
    harness.awaitParked(0);
  }

  @Test
  void stopsTheUploadOfARequestThatIsAnsweredEarly() throws Exception {
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              wire.send("HTTP/1.1 413 Payload Too Large\nContent-Length: 3\n\nbig");
              wire.rest();
            })) {
      harness.instances(origin.port());
      var stream = client.open().head(false, "POST", "/").data("start", false);
      assertThat(stream.next()).isEqualTo("status 413");
      assertThat(stream.next()).isEqualTo("data big");
      assertThat(stream.next()).isEqualTo("end");
      assertThat(stream.next()).isEqualTo("reset NO_ERROR");
    }
  }

  @Test
  void resetsAResponseThatBreaksOff() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    try (WireOrigin origin =
        new WireOrigin(
            wire -> {
              wire.head();
              wire.send("HTTP/1.1 200 OK\nContent-Length: 100\n\nbegun");
              read.await();
            })) {
      harness.instances(origin.port());
      var stream = client.open().head(true, "GET", "/");
      assertThat(stream.next()).isEqualTo("status 200");
      assertThat(stream.next()).isEqualTo("data begun");
      read.countDown();
      assertThat(stream.next()).startsWith("reset ");
      harness.awaitInFlight(0);
    }
  }

  @Test
  void servesManyStreamsOfOneConnectionAtOnce() throws Exception {
    try (Origin origin =
        new Origin(e -> Origin.answer(e, 200, e.getRequestURI().getPath().substring(1)))) {
      harness.instances(origin.port());
      List<Http2Client.Stream> streams = new java.util.ArrayList<>();
      for (int i = 0; i < 200; i++) {
        streams.add(client.open().head(true, "GET", "/" + i));
      }
      for (int i = 0; i < 200; i++) {
        assertThat(streams.get(i).next()).isEqualTo("status 200");
        assertThat(streams.get(i).next()).isEqualTo("data " + i);
      }
    }
  }
}
