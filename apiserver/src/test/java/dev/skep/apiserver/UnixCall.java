package dev.skep.apiserver;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** HTTP/1.1 on a unix socket, as bare as it gets. */
final class UnixCall implements AutoCloseable {
  private final SocketChannel channel;

  UnixCall(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
  }

  /** Gives head and body of an answer that says how long it is. */
  String send(String method, String path, String body) throws IOException {
    String head =
        "%s %s HTTP/1.1\r\nHost: skep\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(method, path, body.getBytes(StandardCharsets.UTF_8).length);
    channel.write(ByteBuffer.wrap((head + body).getBytes(StandardCharsets.UTF_8)));
    var answer = new StringBuilder();
    var buffer = ByteBuffer.allocate(64 << 10);
    while (!isWhole(answer) && channel.read(buffer) >= 0) {
      answer.append(StandardCharsets.UTF_8.decode(buffer.flip()));
      buffer.clear();
    }
    return answer.toString();
  }

  private static boolean isWhole(StringBuilder answer) {
    int end = answer.indexOf("\r\n\r\n");
    if (end < 0) {
      return false;
    }
    String length = answer.substring(0, end).replaceAll("(?is).*content-length: *(\\d+).*", "$1");
    return answer.length() >= end + 4 + Integer.parseInt(length);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
