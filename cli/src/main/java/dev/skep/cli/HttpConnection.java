package dev.skep.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One HTTP/1.1 connection, kept alive between requests; not safe for several threads.
 *
 * <p>Our own, because the JDK's client speaks no unix sockets and alone costs more start-up time
 * than a whole command may take.
 */
final class HttpConnection implements AutoCloseable {
  private static final int MAX_LINE = 64 << 10;
  private static final int FILE_BUFFER = 256 << 10;

  private final SocketChannel channel;
  private final InputStream in;

  private HttpConnection(SocketChannel channel) {
    this.channel = channel;
    this.in = new BufferedInputStream(Channels.newInputStream(channel), 16 << 10);
  }

  static HttpConnection unix(Path socket) throws IOException {
    return connect(
        SocketChannel.open(StandardProtocolFamily.UNIX), UnixDomainSocketAddress.of(socket));
  }

  static HttpConnection tcp(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return connect(channel, address);
  }

  private static HttpConnection connect(SocketChannel channel, SocketAddress address)
      throws IOException {
    try {
      channel.connect(address);
      return new HttpConnection(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Sends the request and reads the response's head; its body follows as a stream. */
  HttpResponse send(HttpRequest request) throws IOException {
    write(request.head());
    write(request.body());
    return readAnswer(request);
  }

  /** As {@link #send(HttpRequest)}, with a file as the body. */
  HttpResponse send(HttpRequest request, Path body) throws IOException {
    try (FileChannel file = FileChannel.open(body)) {
      write(request.head(file.size()));
      ByteBuffer buffer = ByteBuffer.allocateDirect(FILE_BUFFER);
      while (file.read(buffer.clear()) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
    }
    return readAnswer(request);
  }

  private HttpResponse readAnswer(HttpRequest request) throws IOException {
    while (true) {
      HttpResponse response = readHead(request.method());
      if (response.status() >= 200 || response.status() == 101) {
        return response;
      }
    }
  }

  private void write(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private HttpResponse readHead(String method) throws IOException {
    String[] status = readLine().split(" ", 3);
    if (status.length < 2
        || !status[0].startsWith("HTTP/1.")
        || !status[1].matches("[1-9]\\d\\d")) {
      throw new ProtocolException("not an HTTP/1.1 response: '" + String.join(" ", status) + "'");
    }
    int code = Integer.parseInt(status[1]);
    var headers = new ArrayList<Map.Entry<String, String>>();
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw new ProtocolException("not a header: '" + line + "'");
      }
      headers.add(
          Map.entry(
              line.substring(0, colon).toLowerCase(Locale.ROOT),
              line.substring(colon + 1).strip()));
    }
    String reason = status.length > 2 ? status[2] : "";
    return new HttpResponse(code, reason, List.copyOf(headers), body(method, code, headers));
  }

  private InputStream body(String method, int status, List<Map.Entry<String, String>> headers)
      throws IOException {
    if (method.equals("HEAD") || status < 200 || status == 204 || status == 304) {
      return new ByteArrayInputStream(new byte[0]);
    }
    for (var header : headers) {
      if (header.getKey().equals("transfer-encoding")
          && header.getValue().toLowerCase(Locale.ROOT).endsWith("chunked")) {
        return new ChunkedBody();
      }
    }
    for (var header : headers) {
      if (header.getKey().equals("content-length")) {
        return new FixedBody(Long.parseLong(header.getValue()));
      }
    }
    return in;
  }

  private String readLine() throws IOException {
    var line = new ByteArrayOutputStream(128);
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException(
            "connection closed after "
                + (line.size() == 0
                    ? "no bytes"
                    : "'" + line.toString(StandardCharsets.UTF_8) + "'"));
      }
      if (b == '\n') {
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      }
      if (line.size() == MAX_LINE) {
        throw new ProtocolException("header line longer than " + MAX_LINE + " bytes");
      }
      line.write(b);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** A body of known length; ends early with EOFException. */
  private class FixedBody extends InputStream {
    private long left;

    FixedBody(long length) {
      left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int n = in.read(bytes, offset, (int) Math.min(length, left));
      if (n < 0) {
        throw new EOFException("connection closed " + left + " bytes before the end of the body");
      }
      left -= n;
      return n;
    }
  }

  /** A chunked body; trailers are read and dropped. */
  private final class ChunkedBody extends InputStream {
    private InputStream chunk = new ByteArrayInputStream(new byte[0]);
    private boolean first = true;
    private boolean ended;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      while (!ended) {
        int n = chunk.read(bytes, offset, length);
        if (n >= 0) {
          return n;
        }
        nextChunk();
      }
      return -1;
    }

    private void nextChunk() throws IOException {
      if (!first) {
        readLine();
      }
      first = false;
      String size = readLine();
      int semicolon = size.indexOf(';');
      long length =
          Long.parseLong((semicolon < 0 ? size : size.substring(0, semicolon)).strip(), 16);
      if (length > 0) {
        chunk = new FixedBody(length);
        return;
      }
      ended = true;
      while (!readLine().isEmpty()) {
        // trailers
      }
    }
  }
}
