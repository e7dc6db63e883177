package dev.skep.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Answers on {@code api.sock} of a folder with what it was told for a method and target; HTTP/1.1
 * with keep-alive. Dry runs are answered as what they try; what it was not told is a Kubernetes
 * 404.
 */
final class FakeApi implements AutoCloseable {
  record Seen(String method, String target, Json body) {}

  private record Answer(int status, String head, byte[] body) {}

  private final ServerSocketChannel server;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();

  FakeApi(Path state) throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(state.resolve("api.sock")));
    Thread.ofVirtual().start(this::accept);
  }

  FakeApi answer(String request, int status, String json) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    answers.put(request, new Answer(status, "Content-Length: " + body.length + "\r\n", body));
    return this;
  }

  /** Each part becomes one chunk. */
  FakeApi chunks(String request, String... parts) {
    var body = new StringBuilder();
    for (String part : parts) {
      int length = part.getBytes(StandardCharsets.UTF_8).length;
      body.append(Integer.toHexString(length)).append("\r\n").append(part).append("\r\n");
    }
    body.append("0\r\nX-Trailer: 1\r\n\r\n");
    answers.put(
        request,
        new Answer(
            200,
            "Transfer-Encoding: chunked\r\n",
            body.toString().getBytes(StandardCharsets.UTF_8)));
    return this;
  }

  /** A raw answer, whatever it is. */
  FakeApi raw(String request, String bytes) {
    answers.put(request, new Answer(-1, bytes, new byte[0]));
    return this;
  }

  List<Seen> seen() {
    return List.copyOf(seen);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = server.accept();
        Thread.ofVirtual().start(() -> serve(channel));
      }
    } catch (AsynchronousCloseException e) {
      // closed by the test
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      InputStream in = Channels.newInputStream(channel);
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        String[] words = line.split(" ");
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
          if (header.startsWith("Content-Length: ")) {
            length = Integer.parseInt(header.substring(16));
          }
        }
        byte[] body = in.readNBytes(length);
        if (!words[1].contains("dryRun")) {
          seen.add(
              new Seen(
                  words[0],
                  words[1],
                  body.length == 0
                      ? new Json(null)
                      : JsonText.read(new String(body, StandardCharsets.UTF_8))));
        }
        Answer answer = answers.get(words[0] + " " + words[1].replaceAll("\\?dryRun.*", ""));
        if (answer == null) {
          answer(
              "none",
              404,
              "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\""
                  + words[1]
                  + " not found\"}");
          answer = answers.get("none");
        }
        String head =
            answer.status() < 0
                ? answer.head()
                : "HTTP/1.1 " + answer.status() + " X\r\n" + answer.head() + "\r\n";
        channel.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.UTF_8)));
        channel.write(ByteBuffer.wrap(answer.body()));
        if (answer.status() < 0) {
          return;
        }
      }
    } catch (ClosedChannelException e) {
      // the client left
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
