package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that two servers could read differently, or that are too much. */
class BadRequestTest {
  private final Harness harness = new Harness();
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final Origin origin =
      new Origin(
          exchange -> {
            seen.add(exchange.getRequestURI().toString());
            Origin.answer(exchange, 200, "ok");
          });

  @BeforeEach
  void ready() {
    harness.instances(origin.port());
  }

  @AfterEach
  void close() {
    origin.close();
    harness.close();
  }

  private String answer(String request) throws Exception {
    try (Wire wire = Wire.connect(harness.port())) {
      wire.send(request);
      return wire.rest(); // comes back only if the gateway closes
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST / HTTP/1.1\nHost: hello.test\nContent-Length: 6\nTransfer-Encoding: chunked\n\n0\n\nGET /x HTTP/1.1\nHost: hello.test\n\n",
        "POST / HTTP/1.1\nHost: hello.test\nTransfer-Encoding: chunked\nContent-Length: 6\n\n0\n\nGET /x HTTP/1.1\nHost: hello.test\n\n",
        "POST / HTTP/1.1\nHost: hello.test\nContent-Length: 3\nContent-Length: 5\n\nabcde",
        "POST / HTTP/1.1\nHost: hello.test\nContent-Length: 3, 5\n\nabcde",
        "POST / HTTP/1.1\nHost: hello.test\nContent-Length: +3\n\nabc",
        "POST / HTTP/1.1\nHost: hello.test\nContent-Length: -1\n\nabc",
        "POST / HTTP/1.1\nHost: hello.test\nTransfer-Encoding: chunked, identity\n\n0\n\n",
        "POST / HTTP/1.1\nHost: hello.test\nTransfer-Encoding: xchunked\n\n0\n\n",
        "POST / HTTP/1.1\nHost: hello.test\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n",
        "POST / HTTP/1.0\nHost: hello.test\nTransfer-Encoding: chunked\n\n0\n\n",
        "GET / HTTP/1.1\nHost: hello.test\nContent-Length : 5\n\nabcde",
        "GET / HTTP/1.1\nHost: hello.test\nHost: other.test\n\n",
        "GET / HTTP/1.1\n\n",
        "GET hello HTTP/1.1\nHost: hello.test\n\n",
        "GET / HTTP/1.1\nHost: hello.test\nX-Bad: a\u0000b\n\n",
        "GET / HTTP/1.1\nHost: hello.test\nBad Name: a\n\n",
        "garbage\n\n"
      })
  void refusesWhatCouldBeReadInTwoWays(String request) throws Exception {
    assertThat(answer(request)).startsWith("HTTP/1.1 400 Bad Request");
    assertThat(seen).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hello.test/../x", "a b", "hello.test:http", "hello.test:1:2", "\"x", "[::1"})
  void refusesHostsThatAreNone(String host) throws Exception {
    assertThat(answer("GET / HTTP/1.1\nHost: " + host + "\nConnection: close\n\n"))
        .startsWith("HTTP/1.1 400 Bad Request")
        .contains("is not a host name");
    assertThat(seen).isEmpty();
  }

  @Test
  void refusesTransferCodingsThatItDoesNotKnow() throws Exception {
    assertThat(
            answer("POST / HTTP/1.1\nHost: hello.test\nTransfer-Encoding: gzip, chunked\n\n0\n\n"))
        .startsWith("HTTP/1.1 501 Not Implemented");
    assertThat(seen).isEmpty();
  }

  @Test
  void refusesLongRequestLines() throws Exception {
    assertThat(answer("GET /" + "a".repeat(20_000) + " HTTP/1.1\nHost: hello.test\n\n"))
        .startsWith("HTTP/1.1 414 ");
  }

  @Test
  void refusesLargeHeaders() throws Exception {
    assertThat(answer("GET / HTTP/1.1\nHost: hello.test\nX: " + "a".repeat(70_000) + "\n\n"))
        .startsWith("HTTP/1.1 431 ");
  }

  @Test
  void refusesConnectAndUnknownVersions() throws Exception {
    assertThat(answer("CONNECT hello.test:80 HTTP/1.1\nHost: hello.test:80\n\n"))
        .startsWith("HTTP/1.1 405 ");
    assertThat(answer("GET / HTTP/3.0\nHost: hello.test\n\n")).startsWith("HTTP/1.1 505 ");
  }

  @Test
  void refusesMalformedChunksBeforeTheInstanceAnswers() throws Exception {
    String answer =
        answer("POST / HTTP/1.1\nHost: hello.test\nTransfer-Encoding: chunked\n\nzz\nabc\n0\n\n");
    assertThat(answer).doesNotContain("200 OK");
    harness.awaitInFlight(0);
  }

  @Test
  void treatsAnUpgradeToH2cAsHttp1() throws Exception {
    String answer =
        answer(
            """
            GET /up HTTP/1.1
            Host: hello.test
            Connection: Upgrade, HTTP2-Settings, close
            Upgrade: h2c
            HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA

            """);
    assertThat(answer).startsWith("HTTP/1.1 200 OK").endsWith("ok");
  }

  @Test
  void servesOnAfterBadRequests() throws Exception {
    answer("garbage\n\n");
    assertThat(answer("GET / HTTP/1.1\nHost: hello.test\nConnection: close\n\n")).endsWith("ok");
  }
}
