package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One conversation with QEMU's monitor: greeting, capabilities, then commands. A connection is not
 * kept, because the monitor serves one at a time and is needed seldom.
 */
final class Qmp {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final SocketChannel channel;
  private final BufferedReader in;

  private Qmp(SocketChannel channel) {
    this.channel = channel;
    this.in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  /** What is said, and what comes out of it. */
  interface Conversation<T> {
    T with(Qmp monitor) throws IOException;
  }

  static ObjectNode arguments() {
    return JSON.createObjectNode();
  }

  /** One command without arguments: what it returned. */
  static JsonNode execute(Path socket, String command, Duration timeout) {
    return converse(socket, timeout, monitor -> monitor.ask(command, arguments()));
  }

  /**
   * All that is said on one connection, at most {@code timeout} long.
   *
   * @throws SkepException TIMEOUT, UNAVAILABLE where QEMU is gone, INTERNAL where it refused
   */
  static <T> T converse(Path socket, Duration timeout, Conversation<T> conversation) {
    return converse(socket, timeout, () -> false, conversation);
  }

  /**
   * As that, with a QEMU that may not listen yet.
   *
   * @param starting whether to go on waiting for it to listen
   */
  static <T> T converse(
      Path socket, Duration timeout, BooleanSupplier starting, Conversation<T> conversation) {
    return UnixDialogue.hold(
        "QEMU monitor",
        socket,
        timeout,
        starting,
        channel -> {
          var monitor = new Qmp(channel);
          monitor.read(); // the greeting
          monitor.ask("qmp_capabilities", arguments());
          return conversation.with(monitor);
        });
  }

  /** What the command returned. */
  JsonNode ask(String command, ObjectNode arguments) throws IOException {
    ObjectNode request = JSON.createObjectNode().put("execute", command);
    request.set("arguments", arguments);
    ByteBuffer out = StandardCharsets.UTF_8.encode(JSON.writeValueAsString(request) + "\n");
    while (out.hasRemaining()) {
      channel.write(out);
    }
    while (true) {
      JsonNode message = read();
      if (message.has("error")) {
        throw new SkepException(
            Code.INTERNAL,
            "QEMU refused '" + command + "': " + message.path("error").path("desc").asString(""));
      }
      if (message.has("return")) {
        return message.path("return");
      } // else an event
    }
  }

  private JsonNode read() throws IOException {
    String line = in.readLine();
    if (line == null) {
      throw new IOException("closed by QEMU");
    }
    try {
      return JSON.readTree(line);
    } catch (JacksonException e) {
      throw new IOException("not JSON: " + line, e);
    }
  }
}
