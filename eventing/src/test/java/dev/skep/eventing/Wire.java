package dev.skep.eventing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One HTTP request by hand: its host is no address. */
record Wire(int status, String text) {
  private static final Pattern LENGTH = Pattern.compile("(?i)content-length: ([0-9]+)");

  static Wire send(
      InetSocketAddress to,
      String method,
      String host,
      String path,
      Map<String, String> headers,
      byte[] body) {
    var head =
        new StringBuilder("%s %s HTTP/1.1\r\nHost: %s\r\n".formatted(method, path, host))
            .append("Content-Length: %d\r\n".formatted(body.length));
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    try (var socket = new Socket(to.getAddress(), to.getPort())) {
      socket.setSoTimeout(10_000);
      var request = new ByteArrayOutputStream();
      request.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
      request.writeBytes(body);
      socket.getOutputStream().write(request.toByteArray());
      return answer(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Wire answer(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the answer ends early: " + head);
      }
      head.append((char) next);
    }
    Matcher length = LENGTH.matcher(head);
    byte[] body = in.readNBytes(length.find() ? Integer.parseInt(length.group(1)) : 0);
    int status = Integer.parseInt(head.substring(9, 12));
    return new Wire(status, head + new String(body, StandardCharsets.UTF_8));
  }
}
