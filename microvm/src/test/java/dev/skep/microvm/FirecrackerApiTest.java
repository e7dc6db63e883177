package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client, with a server that answers each request with the next of given texts. */
class FirecrackerApiTest {
  private static final String HEAD = "Server: Firecracker API\r\nConnection: keep-alive\r\n";
  private static final String DONE = "HTTP/1.1 204 \r\n" + HEAD + "\r\n";

  @TempDir Path folder;
  private ServerSocketChannel server;

  @BeforeEach
  void listen() throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(folder.resolve("api")));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @Test
  void asksOneRequestAfterTheOtherOnOneConnection() {
    answer(DONE, withBody(200, "{\"state\":\"Running\"}"), DONE);

    String state =
        converse(
            api -> {
              api.put("/drives/x", FirecrackerApi.body().put("drive_id", "x"));
              String found = api.get("/").path("state").asString("");
              api.patch("/vm", FirecrackerApi.body().put("state", "Paused"));
              return found;
            });

    assertThat(state).isEqualTo("Running");
  }

  @Test
  void tellsFirecrackersWordsInEitherShape() {
    answer(withBody(400, "{\"fault_message\":\"PCI is not enabled\"}"));
    assertRefused("PCI is not enabled", Code.INTERNAL);
    answer(withBody(400, "{ \"error\": \"Invalid request.\nAll requests are dropped.\" }"));
    assertRefused("Invalid request. All requests are dropped.", Code.INTERNAL);
    answer(
        "HTTP/1.1 503\r\nConnection: close\r\nContent-Length: 40\r\n\r\n"
            + "{ \"error\": \"Too many open connections\" }");
    assertRefused("Too many open connections", Code.UNAVAILABLE);
    answer(withBody(400, "{\"fault_message\":\"No space left on device (os error 28)\"}"));
    assertRefused("No space left on device", Code.EXHAUSTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HELLO\r\n\r\n",
        "HTTP/1.1 abc \r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello"
      })
  void whatIsNoAnswerIsQuoted(String garbage) {
    answer(garbage);

    assertThatThrownBy(() -> converse(api -> api.get("/")))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.INTERNAL))
        .hasMessageMatching("Firecracker answered '.*' \\(expected: .*\\)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "HTTP/1.1 200", "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\nhello"})
  void anAnswerThatEndsEarlyIsTheEndOfFirecracker(String beginning) {
    answer(beginning + "\0");

    assertThatThrownBy(() -> converse(api -> api.get("/")))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.UNAVAILABLE))
        .hasMessageContaining("closed by Firecracker");
  }

  @Test
  void anEndlessHeaderIsGivenUp() {
    answer("HTTP/1.1 200 \r\nX: " + "x".repeat(10_000));

    assertThatThrownBy(() -> converse(api -> api.get("/")))
        .hasMessageContaining("expected: the end of a line");
  }

  @Test
  void whoDoesNotAnswerIsNotWaitedForLonger() {
    answer(); // to connect is all that works

    assertThatThrownBy(
            () ->
                FirecrackerApi.converse(
                    folder.resolve("api"),
                    Duration.ofMillis(200),
                    () -> false,
                    api -> api.get("/")))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.TIMEOUT))
        .hasMessageContaining("no answer within 200 ms");
  }

  private void assertRefused(String words, Code code) {
    assertThatThrownBy(
            () ->
                converse(
                    api -> {
                      api.put("/vm", FirecrackerApi.body());
                      return true;
                    }))
        .isInstanceOfSatisfying(SkepException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining("Firecracker refused 'PUT /vm': " + words);
  }

  private <T> T converse(FirecrackerApi.Conversation<T> conversation) {
    return FirecrackerApi.converse(
        folder.resolve("api"), Duration.ofSeconds(10), () -> false, conversation);
  }

  private static String withBody(int status, String body) {
    return "HTTP/1.1 %d \r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(status, HEAD, body.length(), body);
  }

  /** On the next connection, which stays open unless a zero byte says that it ends there. */
  private void answer(String... replies) {
    Thread.ofVirtual()
        .name("api")
        .start(
            () -> {
              try {
                SocketChannel client = server.accept();
                for (String reply : List.of(replies)) {
                  client.read(ByteBuffer.allocate(4096));
                  client.write(StandardCharsets.UTF_8.encode(reply.replace("\0", "")));
                  if (reply.endsWith("\0")) {
                    client.close();
                  }
                }
              } catch (IOException e) {
                // the test is over
              }
            });
  }
}
