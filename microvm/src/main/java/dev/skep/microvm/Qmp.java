package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One short conversation with QEMU's monitor: greeting, capabilities, one command. A connection is
 * not kept, because the monitor serves one at a time and is needed seldom.
 */
final class Qmp {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Qmp() {}

  /** What the command returned. */
  static JsonNode execute(Path socket, String command, Duration timeout) {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      var answer = new CompletableFuture<JsonNode>();
      Thread.ofVirtual()
          .name("qmp-" + command)
          .start(() -> converse(channel, socket, command, answer));
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT,
          "QEMU monitor "
              + socket
              + ": no answer to '"
              + command
              + "' within "
              + timeout.toMillis()
              + " ms");
    } catch (ExecutionException | IOException e) {
      throw e.getCause() instanceof SkepException refused
          ? refused
          : new SkepException(
              Code.UNAVAILABLE, "QEMU monitor " + socket + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while waiting for QEMU", e);
    }
  }

  private static void converse(
      SocketChannel channel, Path socket, String command, CompletableFuture<JsonNode> answer) {
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      var in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      read(in); // the greeting
      ask(channel, in, "qmp_capabilities");
      answer.complete(ask(channel, in, command));
    } catch (IOException | RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  private static JsonNode ask(SocketChannel channel, BufferedReader in, String command)
      throws IOException {
    String line = JSON.writeValueAsString(JSON.createObjectNode().put("execute", command)) + "\n";
    ByteBuffer out = StandardCharsets.UTF_8.encode(line);
    while (out.hasRemaining()) {
      channel.write(out);
    }
    while (true) {
      JsonNode message = read(in);
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

  private static JsonNode read(BufferedReader in) throws IOException {
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
