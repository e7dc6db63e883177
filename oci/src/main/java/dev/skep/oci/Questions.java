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

/**
 * One question of a probe each; empty where the answer is yes, else what was found. Written on bare
 * sockets: a client library would keep connections, and an open one spoils a checkpoint.
 */
final class Questions {
  private static final int MAX_ANSWER = 64 << 10;
  private static final int STATUS_LINE = "HTTP/1.1 200".length();

  private Questions() {}

  @FunctionalInterface
  private interface Judge {
    Answer judge(byte[] answer, boolean ended);
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
        boolean ended = got < 0 || answer.size() > MAX_ANSWER;
        switch (judge.judge(answer.toByteArray(), ended)) {
          case Answer.More() -> {}
          case Answer.Yes() -> {
            return Optional.empty();
          }
          case Answer.No(String found) -> {
            return Optional.of(found);
          }
        }
      }
    } catch (IOException e) {
      return Optional.of(what(e, timeout));
    }
  }

  private static Answer judgeHttp(byte[] answer, boolean ended) {
    if (answer.length < STATUS_LINE) {
      return ended ? new Answer.No("connection closed before an answer") : new Answer.More();
    }
    String line = new String(answer, 0, STATUS_LINE, StandardCharsets.ISO_8859_1);
    if (!line.matches("HTTP/1\\.. \\d{3}")) {
      return new Answer.No("the answer is not HTTP/1");
    }
    int status = Integer.parseInt(line.substring(STATUS_LINE - 3));
    return status >= 200 && status < 400
        ? new Answer.Yes()
        : new Answer.No("status " + status + " (expected: 200 to 399)");
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
