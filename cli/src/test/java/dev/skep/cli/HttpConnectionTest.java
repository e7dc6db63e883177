package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpConnectionTest {
  @TempDir Path state;

  private static HttpResponse get(HttpConnection connection, String target) throws IOException {
    return connection.send(HttpRequest.of("GET", "x", target));
  }

  @Test
  void keepsTheConnectionBetweenRequestsOfAnyFraming() throws IOException {
    try (var api = new FakeApi(state);
        var connection = HttpConnection.unix(state.resolve("api.sock"))) {
      api.answer("GET /fixed", 200, "abc").chunks("GET /chunked", "de", "fgh");
      for (int round = 0; round < 3; round++) {
        assertThat(get(connection, "/fixed").bytes()).asString().isEqualTo("abc");
        assertThat(get(connection, "/chunked").bytes()).asString().isEqualTo("defgh");
      }
    }
  }

  @Test
  void skipsInterimResponses() throws IOException {
    try (var api = new FakeApi(state);
        var connection = HttpConnection.unix(state.resolve("api.sock"))) {
      api.raw("GET /", "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 204 None\r\n\r\n");
      assertThat(get(connection, "/").status()).isEqualTo(204);
    }
  }

  @Test
  void failsOnABodyThatIsCutOff() throws IOException {
    try (var api = new FakeApi(state);
        var connection = HttpConnection.unix(state.resolve("api.sock"))) {
      api.raw("GET /", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      HttpResponse response = get(connection, "/");
      assertThatThrownBy(response::bytes)
          .isInstanceOf(EOFException.class)
          .hasMessageContaining("7 bytes before the end");
    }
  }

  @Test
  void failsOnWhatIsNotHttp() throws IOException {
    try (var api = new FakeApi(state);
        var connection = HttpConnection.unix(state.resolve("api.sock"))) {
      api.raw("GET /", "SSH-2.0-x\r\n");
      assertThatThrownBy(() -> get(connection, "/"))
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("SSH-2.0-x");
    }
  }

  @Test
  void refusesHeadersWithLineBreaks() {
    var request = new HttpRequest("GET", "x", "/", Map.of("A", "b\r\nInjected: 1"), new byte[0]);
    assertThatThrownBy(request::head).isInstanceOf(IllegalArgumentException.class);
  }
}
