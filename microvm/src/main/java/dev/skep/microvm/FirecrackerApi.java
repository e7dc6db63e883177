package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One conversation with Firecracker's API: HTTP/1.1 over a unix socket, one request at a time, as
 * its server speaks it. Status lines end after the number; 204 has no length; the connection stays
 * open whatever it was asked, so nothing is ever read to its end.
 */
final class FirecrackerApi {
  private static final int MAX_LINE_BYTES = 8 << 10;
  private static final int MAX_BODY_BYTES = 1 << 20;

  /** Its errors about HTTP itself have line breaks inside of strings. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS).build();

  private final SocketChannel channel;
  private final InputStream in;

  private record Reply(int status, String body) {}

  private FirecrackerApi(SocketChannel channel) {
    this.channel = channel;
    this.in = new BufferedInputStream(Channels.newInputStream(channel));
  }

  /** What is said, and what comes out of it. */
  interface Conversation<T> {
    T with(FirecrackerApi api) throws IOException;
  }

  static ObjectNode body() {
    return JSON.createObjectNode();
  }

  /**
   * All that is said on one connection, at most {@code timeout} long: while a page of the guest's
   * memory is waited for, no request is answered, whatever it asks.
   *
   * @param starting whether to go on waiting for it to listen
   * @throws SkepException TIMEOUT; UNAVAILABLE where it is gone; EXHAUSTED where its disk is full;
   *     INTERNAL where it refused or speaks no HTTP
   */
  static <T> T converse(
      Path socket, Duration timeout, BooleanSupplier starting, Conversation<T> conversation) {
    return UnixDialogue.hold(
        "Firecracker's API",
        socket,
        timeout,
        starting,
        channel -> conversation.with(new FirecrackerApi(channel)));
  }

  /** What is at the path. */
  JsonNode get(String path) throws IOException {
    Reply reply = ask("GET", path, "");
    try {
      return JSON.readTree(reply.body());
    } catch (JacksonException e) {
      throw noHttp(reply.body(), "JSON");
    }
  }

  void put(String path, ObjectNode body) throws IOException {
    ask("PUT", path, JSON.writeValueAsString(body));
  }

  void patch(String path, ObjectNode body) throws IOException {
    ask("PATCH", path, JSON.writeValueAsString(body));
  }

  private Reply ask(String method, String path, String body) throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n";
    write(head + (content.length == 0 ? "\r\n" : "Content-Length: " + content.length + "\r\n\r\n"));
    write(body);
    Reply reply = read();
    if (reply.status() / 100 != 2) {
      throw refused(method + " " + path, reply);
    }
    return reply;
  }

  private void write(String text) throws IOException {
    ByteBuffer out = StandardCharsets.UTF_8.encode(text);
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private Reply read() throws IOException {
    int status = status(line());
    int length = 0;
    for (String header = line(); !header.isEmpty(); header = line()) {
      int colon = header.indexOf(':');
      if (colon > 0
          && header.substring(0, colon).toLowerCase(Locale.ROOT).equals("content-length")) {
        length = number(header.substring(colon + 1).strip(), MAX_BODY_BYTES);
      }
    }
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw closed();
    }
    return new Reply(status, new String(body, StandardCharsets.UTF_8));
  }

  private static int status(String line) {
    if (!line.startsWith("HTTP/1.1 ") || line.length() < 12) {
      throw noHttp(line, "HTTP/1.1 and a status");
    }
    return number(line.substring(9, 12), 999);
  }

  private static int number(String text, int most) {
    if (!text.matches("\\d{1,7}") || Integer.parseInt(text) > most) {
      throw noHttp(text, "a number up to " + most);
    }
    return Integer.parseInt(text);
  }

  private String line() throws IOException {
    var line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw closed();
      }
      if (line.size() == MAX_LINE_BYTES) {
        throw noHttp(line.toString(StandardCharsets.UTF_8), "the end of a line");
      }
      line.write(next);
    }
    String text = line.toString(StandardCharsets.UTF_8);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  private static IOException closed() {
    return new IOException("closed by Firecracker");
  }

  private static SkepException noHttp(String found, String expected) {
    String shown = found.length() > 100 ? found.substring(0, 100) + "..." : found;
    return new SkepException(
        Code.INTERNAL, "Firecracker answered '" + shown + "' (expected: " + expected + ")");
  }

  private static SkepException refused(String request, Reply reply) {
    String words = words(reply.body());
    Code code =
        switch (reply.status()) {
          case 503 -> Code.UNAVAILABLE; // too many connections
          default -> words.contains("(os error 28)") ? Code.EXHAUSTED : Code.INTERNAL;
        };
    return new SkepException(code, "Firecracker refused '" + request + "': " + words);
  }

  /** Of an error in either of its shapes. */
  private static String words(String body) {
    try {
      JsonNode error = JSON.readTree(body);
      String fault = error.path("fault_message").asString(error.path("error").asString(body));
      return fault.replace('\n', ' ');
    } catch (JacksonException e) {
      return body;
    }
  }
}
