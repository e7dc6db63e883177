package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HTTP/1.1 from the client to the instance, to the byte. */
class Http1Test {
  private final Harness harness = new Harness();
  private final Client client = new Client(harness.port());
  private final BlockingQueue<List<String>> heads = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    client.close();
    harness.close();
  }

  /** Sends a request by hand and gives back its head as an instance got it. */
  private List<String> seenByInstance(String request) throws Exception {
    try (WireOrigin origin = recording("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send(request);
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
      assertThat(wire.bytes(2)).isEqualTo("ok");
      return heads.poll(5, TimeUnit.SECONDS);
    }
  }

  /** Answers every request with the same bytes. */
  private WireOrigin recording(String response) {
    return new WireOrigin(
        wire -> {
          for (List<String> head; !(head = wire.head()).isEmpty(); ) {
            heads.add(head);
            wire.send(response);
          }
        });
  }

  private static @Nullable String field(List<String> head, String name) {
    String start = name.toLowerCase(Locale.ROOT) + ":";
    List<String> found =
        head.stream()
            .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
            .map(line -> line.substring(start.length()).strip())
            .toList();
    assertThat(found).hasSizeLessThanOrEqualTo(1);
    return found.isEmpty() ? null : found.getFirst();
  }

  @Test
  void keepsHostAndTellsTheInstanceWhoAsked() throws Exception {
    List<String> head =
        seenByInstance("GET /a?b=c HTTP/1.1\nHost: Hello.Test:8080\nX-Mine: kept\n\n");
    assertThat(head).first().isEqualTo("GET /a?b=c HTTP/1.1");
    assertThat(field(head, "Host")).isEqualTo("Hello.Test:8080");
    assertThat(field(head, "X-Mine")).isEqualTo("kept");
    assertThat(field(head, "X-Forwarded-For")).isEqualTo("127.0.0.1");
    assertThat(field(head, "X-Forwarded-Proto")).isEqualTo("http");
    assertThat(field(head, "X-Forwarded-Host")).isEqualTo("Hello.Test:8080");
    assertThat(field(head, "Forwarded"))
        .isEqualTo("for=127.0.0.1;host=\"Hello.Test:8080\";proto=http");
    assertThat(field(head, "X-Request-Id")).matches("[0-9a-f]{32}");
  }

  @Test
  void appendsToForwardingFieldsOfAProxyInFront() throws Exception {
    List<String> head =
        seenByInstance(
            """
            GET / HTTP/1.1
            Host: hello.test
            X-Forwarded-For: 203.0.113.9
            X-Forwarded-Proto: https
            Forwarded: for=203.0.113.9;proto=https
            X-Request-Id: trace-77

            """);
    assertThat(field(head, "X-Forwarded-For")).isEqualTo("203.0.113.9, 127.0.0.1");
    assertThat(field(head, "X-Forwarded-Proto")).isEqualTo("https");
    assertThat(field(head, "Forwarded"))
        .isEqualTo("for=203.0.113.9;proto=https, for=127.0.0.1;host=\"hello.test\";proto=http");
    assertThat(field(head, "X-Request-Id")).isEqualTo("trace-77");
  }

  @Test
  void replacesARequestIdThatIsNotSane() throws Exception {
    List<String> head =
        seenByInstance("GET / HTTP/1.1\nHost: hello.test\nX-Request-Id: a b;\"c\"\n\n");
    assertThat(field(head, "X-Request-Id")).matches("[0-9a-f]{32}");
  }

  @Test
  void stripsFieldsOfTheConnectionAndOfKnative() throws Exception {
    List<String> head =
        seenByInstance(
            """
            GET / HTTP/1.1
            Host: hello.test
            Connection: keep-alive, X-Hop, Host
            Keep-Alive: timeout=5
            Proxy-Connection: keep-alive
            Proxy-Authorization: Basic eDp5
            TE: gzip
            X-Hop: 1
            K-Network-Probe: probe
            K-Proxy-Request: activator
            Knative-Serving-Revision: other
            Upgrade: h2c
            HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA

            """);
    assertThat(field(head, "Host")).isEqualTo("hello.test");
    assertThat(head)
        .noneMatch(
            line ->
                line.toLowerCase(Locale.ROOT)
                    .matches(
                        "(connection|keep-alive|proxy-.*|te|x-hop|k-.*|knative.*|upgrade|http2-.*):.*"));
  }

  @Test
  void keepsTeTrailers() throws Exception {
    List<String> head = seenByInstance("GET / HTTP/1.1\nHost: hello.test\nTE: trailers\n\n");
    assertThat(field(head, "TE")).isEqualTo("trailers");
  }

  @Test
  void takesTheHostOfAnAbsoluteTarget() throws Exception {
    List<String> head =
        seenByInstance("GET http://hello.test:80/p?q HTTP/1.1\nHost: other.test\n\n");
    assertThat(head).first().isEqualTo("GET /p?q HTTP/1.1");
    assertThat(field(head, "Host")).isEqualTo("hello.test:80");
  }

  @Test
  void namesTheUnknownHost() throws Exception {
    try (Wire wire = Wire.connect(harness.port())) {
      wire.send("GET / HTTP/1.1\nHost: nobody.test\nConnection: close\n\n");
      assertThat(wire.rest())
          .startsWith("HTTP/1.1 404 Not Found")
          .contains("nobody.test", "skep ls");
    }
  }

  @Test
  void splitsTrafficByPercent() throws Exception {
    var other = new dev.skep.api.RevisionKey("ns", "hello-00002");
    harness.gateway.revision(
        new dev.skep.control.RevisionTraffic(
            other,
            dev.skep.api.Protocol.HTTP1,
            0,
            java.time.Duration.ofSeconds(10),
            java.time.Duration.ZERO,
            java.time.Duration.ZERO,
            10));
    try (Origin first = Origin.saying("first");
        Origin second = Origin.saying("second")) {
      harness.instances(first.port());
      harness.gateway.endpoints(other, List.of(Harness.endpoint("o-0", second.port())));
      harness.route(
          "localhost",
          new dev.skep.control.RouteTable.Target(Harness.KEY, 80),
          new dev.skep.control.RouteTable.Target(other, 20));
      int seconds = 0;
      for (int i = 0; i < 300; i++) {
        seconds += client.get("/").body().equals("second") ? 1 : 0;
      }
      // 60 expected; 7 standard deviations of a binomial each way.
      assertThat(seconds).isBetween(12, 108);
    }
  }

  @Test
  void passesResponsesWithoutBody() throws Exception {
    try (Origin origin =
            new Origin(
                exchange -> {
                  int status = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
                  exchange.getResponseHeaders().set("Etag", "\"e\"");
                  exchange.sendResponseHeaders(status, -1);
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      for (String status : List.of("204", "304", "204")) {
        wire.send("GET /" + status + " HTTP/1.1\nHost: hello.test\n\n");
        List<String> head = wire.head();
        assertThat(head.getFirst()).startsWith("HTTP/1.1 " + status);
        assertThat(head).noneMatch(line -> line.toLowerCase(Locale.ROOT).startsWith("transfer-"));
      }
    }
  }

  @Test
  void passesTheLengthOfAHeadResponse() throws Exception {
    try (WireOrigin origin = recording("HTTP/1.1 200 OK\nContent-Length: 1234\n\n");
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      for (int i = 0; i < 2; i++) {
        wire.send("HEAD / HTTP/1.1\nHost: hello.test\n\n");
        assertThat(field(wire.head(), "Content-Length")).isEqualTo("1234");
      }
      assertThat(origin.connections).hasValue(1);
    }
  }

  @Test
  void answersPipelinedRequestsInOrder() throws Exception {
    try (Origin origin =
            new Origin(e -> Origin.answer(e, 200, e.getRequestURI().getPath().substring(1)));
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      StringBuilder all = new StringBuilder();
      for (int i = 10; i < 60; i++) {
        all.append("GET /").append(i).append(" HTTP/1.1\nHost: hello.test\n\n");
      }
      wire.send(all.toString());
      for (int i = 10; i < 60; i++) {
        assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
        assertThat(wire.bytes(2)).isEqualTo(String.valueOf(i));
      }
    }
  }

  @Test
  void servesOldClientsWithoutChunks() throws Exception {
    try (WireOrigin origin =
            recording("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n");
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.0\nHost: hello.test\n\n");
      assertThat(wire.head()).noneMatch(line -> line.contains("chunked"));
      assertThat(wire.rest()).isEqualTo("hello");
    }
  }

  @Test
  void passesBodiesThatEndWithTheConnectionAsChunks() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\n\nuntil the end");
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      assertThat(field(wire.head(), "Transfer-Encoding")).isEqualTo("chunked");
      assertThat(wire.line()).isEqualTo("d");
      assertThat(wire.bytes(13)).isEqualTo("until the end");
    }
  }

  @Test
  void passesChunksAndTrailersBothWays() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  heads.add(wire.head());
                  StringBuilder body = new StringBuilder();
                  for (String line; !(line = wire.line()).isEmpty(); ) {
                    body.append(line).append('|');
                  }
                  heads.add(List.of(body.toString()));
                  wire.send(
                      "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\nX-Sum: 7\n\n");
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send(
          """
          POST / HTTP/1.1
          Host: hello.test
          Transfer-Encoding: chunked

          3
          abc
          0
          X-Check: 9

          """);
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
      assertThat(wire.head()).contains("2", "hi", "0", "X-Sum: 7");
      heads.poll(5, TimeUnit.SECONDS);
      assertThat(heads.poll(5, TimeUnit.SECONDS).getFirst())
          .startsWith("3|abc|")
          .endsWith("0|X-Check: 9|");
    }
  }

  @Test
  void passesContinueAndEarlyHints() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  assertThat(field(wire.head(), "Expect")).isEqualTo("100-continue");
                  wire.send("HTTP/1.1 100 Continue\n\n");
                  assertThat(wire.bytes(3)).isEqualTo("abc");
                  wire.send("HTTP/1.1 103 Early Hints\nLink: </s.css>\n\n");
                  wire.send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
                  wire.head();
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("PUT / HTTP/1.1\nHost: hello.test\nContent-Length: 3\nExpect: 100-continue\n\n");
      assertThat(wire.head()).containsExactly("HTTP/1.1 100 Continue");
      wire.send("abc");
      assertThat(wire.head()).containsExactly("HTTP/1.1 103 Early Hints", "Link: </s.css>");
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
      assertThat(wire.bytes(2)).isEqualTo("ok");
      assertThat(origin.failures).isEmpty();
    }
  }

  @Test
  void deliversAnAnswerThatComesBeforeTheBodyIsRead() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 413 Payload Too Large\nContent-Length: 3\n\nbig");
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("POST / HTTP/1.1\nHost: hello.test\nContent-Length: 100000000\n\nstart");
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 413 Payload Too Large");
      wire.send("more of the body that nobody wants");
      assertThat(wire.rest()).isEqualTo("big");
    }
  }

  @Test
  void passesLargeBodiesBothWays() throws Exception {
    long size = 64L << 20;
    try (Origin origin =
        new Origin(
            exchange -> {
              if (exchange.getRequestMethod().equals("POST")) {
                Origin.answer(exchange, 200, String.valueOf(crc(exchange.getRequestBody())));
              } else {
                exchange.sendResponseHeaders(200, 0);
                noise(size).transferTo(exchange.getResponseBody());
              }
            })) {
      harness.instances(origin.port());
      long expected = crc(noise(size));
      var up =
          client.request("/").POST(HttpRequest.BodyPublishers.ofInputStream(() -> noise(size)));
      assertThat(client.send(up).body()).isEqualTo(String.valueOf(expected));
      var down =
          client
              .http()
              .send(client.request("/").build(), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(crc(down.body())).isEqualTo(expected);
    }
  }

  @Test
  void passesBothBodiesAtTheSameTime() throws Exception {
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nContent-Length: 10\n\n");
                  for (int i = 0; i < 10; i++) {
                    wire.sendRaw(wire.bytes(1));
                  }
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("POST / HTTP/1.1\nHost: hello.test\nContent-Length: 10\n\n");
      wire.head();
      for (int i = 0; i < 10; i++) {
        wire.sendRaw(String.valueOf(i));
        assertThat(wire.bytes(1)).isEqualTo(String.valueOf(i));
      }
    }
  }

  @Test
  void streamsEachChunkAtOnce() throws Exception {
    BlockingQueue<String> say = new LinkedBlockingQueue<>();
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n");
                  for (String word; !(word = say.take()).isEmpty(); ) {
                    wire.send("3\n" + word + "\n");
                  }
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      assertThat(wire.head()).first().isEqualTo("HTTP/1.1 200 OK");
      for (String word : List.of("one", "two", "six")) {
        say.add(word);
        assertThat(wire.line()).isEqualTo("3");
        assertThat(wire.line()).isEqualTo(word);
      }
      say.add("");
    }
  }

  @Test
  void keepsConnectionsToInstancesAlive() throws Exception {
    try (WireOrigin origin = recording("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      for (int i = 0; i < 20; i++) {
        wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
        wire.head();
        wire.bytes(2);
      }
      assertThat(origin.connections).hasValue(1);
    }
  }

  @Test
  void closesIdleConnectionsOfARemovedInstance() throws Exception {
    BlockingQueue<String> ends = new LinkedBlockingQueue<>();
    try (WireOrigin origin =
            new WireOrigin(
                wire -> {
                  wire.head();
                  wire.send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
                  wire.rest();
                  ends.add("closed");
                });
        Wire wire = Wire.connect(harness.port())) {
      harness.instances(origin.port());
      wire.send("GET / HTTP/1.1\nHost: hello.test\n\n");
      wire.head();
      wire.bytes(2);
      harness.awaitInFlight(0);
      harness.instances();
      assertThat(ends.poll(3, TimeUnit.SECONDS)).isEqualTo("closed");
    }
  }

  /** The same noise for the same size. */
  private static InputStream noise(long size) {
    byte[] block = new byte[1 << 16];
    new Random(42).nextBytes(block);
    return new java.io.SequenceInputStream(
        java.util.Collections.enumeration(
            java.util.Collections.nCopies((int) (size / block.length), block).stream()
                .map(bytes -> (InputStream) new ByteArrayInputStream(bytes))
                .toList()));
  }

  private static long crc(InputStream in) throws java.io.IOException {
    CRC32 crc = new CRC32();
    byte[] buffer = new byte[1 << 16];
    for (int n; (n = in.read(buffer)) >= 0; ) {
      crc.update(buffer, 0, n);
    }
    return crc.getValue();
  }
}
