package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.Protocol;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that are upgraded to WebSockets, with the JDK's client. */
class WebSocketTest {
  private final Harness harness = new Harness();
  private final Client client = new Client(harness.port());
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    client.close();
    harness.close();
  }

  /** Answers the handshake and says each (short) text frame back. */
  private static void echo(Wire wire) throws Exception {
    String key = key(wire.head());
    byte[] digest =
        MessageDigest.getInstance("SHA-1")
            .digest(
                (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
    wire.send(
        "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n"
            + "Sec-WebSocket-Accept: "
            + Base64.getEncoder().encodeToString(digest)
            + "\n\n");
    while (true) {
      String start = wire.bytes(2);
      if (start.length() < 2) {
        return;
      }
      String mask = wire.bytes(4);
      String masked = wire.bytes(start.charAt(1) & 0x7f);
      StringBuilder plain = new StringBuilder();
      for (int i = 0; i < masked.length(); i++) {
        plain.append((char) (masked.charAt(i) ^ mask.charAt(i % 4)));
      }
      wire.sendRaw("" + start.charAt(0) + (char) masked.length() + plain);
    }
  }

  private static String key(List<String> head) {
    assertThat(head).anyMatch(line -> line.equalsIgnoreCase("upgrade: websocket"));
    return head.stream()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  private WebSocket open() {
    return client
        .http()
        .newWebSocketBuilder()
        .buildAsync(URI.create("ws://localhost:" + harness.port() + "/"), new Listener())
        .join();
  }

  private final class Listener implements WebSocket.Listener {
    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      heard.add(data.toString());
      return WebSocket.Listener.super.onText(socket, data, last);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      heard.add("closed " + code);
      return WebSocket.Listener.super.onClose(socket, code, reason);
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      heard.add("error");
    }
  }

  @Test
  void tunnelsBothWaysAndCountsAsOneRequest() throws Exception {
    try (WireOrigin origin = new WireOrigin(WebSocketTest::echo)) {
      harness.instances(origin.port());
      WebSocket socket = open();
      for (int i = 0; i < 100; i++) {
        socket.sendText("message " + i, true).join();
        assertThat(heard.poll(5, TimeUnit.SECONDS)).isEqualTo("message " + i);
      }
      assertThat(harness.gateway.sample(Harness.KEY).inFlight()).isEqualTo(1);
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
      assertThat(heard.poll(5, TimeUnit.SECONDS)).isEqualTo("closed 1000");
      socket.abort();
      harness.awaitInFlight(0);
    }
  }

  @Test
  void parksUpgradesToo() throws Exception {
    harness.gateway.revision(Harness.traffic(Protocol.HTTP1, 1));
    var opening =
        client
            .http()
            .newWebSocketBuilder()
            .buildAsync(URI.create("ws://localhost:" + harness.port() + "/"), new Listener());
    harness.awaitParked(1);
    try (WireOrigin origin = new WireOrigin(WebSocketTest::echo)) {
      harness.instances(origin.port());
      WebSocket socket = opening.get(10, TimeUnit.SECONDS);
      socket.sendText("hello", true).join();
      assertThat(heard.poll(5, TimeUnit.SECONDS)).isEqualTo("hello");
      var second = client.sendAsync(client.request("/"));
      harness.awaitParked(1); // the socket holds the only slot
      socket.abort();
      assertThat(second.get(10, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void endsTheClientsSideWhenTheInstanceDies() throws Exception {
    try (WireOrigin origin = new WireOrigin(WebSocketTest::echo)) {
      harness.instances(origin.port());
      open().sendText("hello", true).join();
      assertThat(heard.poll(5, TimeUnit.SECONDS)).isEqualTo("hello");
    }
    assertThat(heard.poll(5, TimeUnit.SECONDS)).isIn("error", "closed 1006");
    harness.awaitInFlight(0);
  }

  @Test
  void passesARefusedUpgradeOn() throws Exception {
    try (Origin origin = Origin.saying("no socket here")) {
      harness.instances(origin.port());
      assertThatThrownBy(this::open)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(WebSocketHandshakeException.class);
      harness.awaitInFlight(0);
      assertThat(client.get("/").body()).isEqualTo("no socket here");
    }
  }
}
