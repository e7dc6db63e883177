package dev.skep.oci;

import dev.skep.api.Probe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One question of a probe each; empty where the answer is yes, else what was found. Written on bare
 * sockets: a client library would keep connections, and an open one spoils a checkpoint.
 */
final class Questions {
  private static final int MAX_ANSWER = 64 << 10;
  private static final int STATUS_LINE = "HTTP/1.1 200".length();

  private Questions() {}

  /** What can be told of an answer so far. */
  @FunctionalInterface
  private interface Judge {
    /** Null as long as more is needed; else empty for yes, or what was found. */
    @SuppressWarnings("NullableOptional") // there is no answer yet
    @Nullable Optional<String> judge(byte[] answer, boolean ended);
  }

  static Optional<String> tcp(InetSocketAddress address, Duration timeout) {
    try (var socket = new Socket()) {
      socket.connect(address, millis(timeout));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(what(e, timeout));
    }
  }

  static Optional<String> http(InetSocketAddress address, Probe.Http probe, Duration timeout) {
    var request = new StringBuilder("GET " + probe.path() + " HTTP/1.1\r\n");
    request.append("User-Agent: kube-probe/skep\r\nAccept: */*\r\nConnection: close\r\n");
    probe.headers().forEach((name, value) -> request.append(name + ": " + value + "\r\n"));
    if (probe.headers().keySet().stream().noneMatch("host"::equalsIgnoreCase)) {
      request.append("Host: " + authority(address) + "\r\n");
    }
    byte[] bytes = request.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    return ask(address, bytes, timeout, Questions::judgeHttp);
  }

  static Optional<String> grpc(InetSocketAddress address, String service, Duration timeout) {
    byte[] request = GrpcHealth.request(authority(address), service);
    return ask(address, request, timeout, GrpcHealth::judge);
  }

  private static Optional<String> ask(
      InetSocketAddress address, byte[] request, Duration timeout, Judge judge) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try (var socket = new Socket()) {
      socket.connect(address, millis(timeout));
      socket.getOutputStream().write(request);
      var answer = new ByteArrayOutputStream();
      InputStream in = socket.getInputStream();
      byte[] bytes = new byte[4096];
      while (true) {
        socket.setSoTimeout(millis(Duration.ofNanos(deadline - System.nanoTime())));
        int got = in.read(bytes);
        answer.write(bytes, 0, Math.max(0, got));
        Optional<String> verdict =
            judge.judge(answer.toByteArray(), got < 0 || answer.size() > MAX_ANSWER);
        if (verdict != null) {
          return verdict;
        }
      }
    } catch (IOException e) {
      return Optional.of(what(e, timeout));
    }
  }

  @SuppressWarnings("NullableOptional") // there is no answer yet
  private static @Nullable Optional<String> judgeHttp(byte[] answer, boolean ended) {
    if (answer.length < STATUS_LINE) {
      return ended ? Optional.of("connection closed before an answer") : null;
    }
    String line = new String(answer, 0, STATUS_LINE, StandardCharsets.ISO_8859_1);
    if (!line.matches("HTTP/1\\.. \\d{3}")) {
      return Optional.of("the answer is not HTTP/1");
    }
    int status = Integer.parseInt(line.substring(STATUS_LINE - 3));
    return status >= 200 && status < 400
        ? Optional.empty()
        : Optional.of("status " + status + " (expected: 200 to 399)");
  }

  private static String authority(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  private static int millis(Duration timeout) {
    return Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE);
  }

  private static String what(IOException e, Duration timeout) {
    return e instanceof SocketTimeoutException
        ? "no answer within " + timeout.toMillis() + " ms"
        : String.valueOf(e.getMessage());
  }
}
