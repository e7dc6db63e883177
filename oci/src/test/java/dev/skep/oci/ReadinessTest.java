package dev.skep.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Probes against a server that answers with given bytes. */
class ReadinessTest {
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  /** The n-th connection gets the n-th answer, later ones the last. */
  private void answers(byte[]... answers) {
    Thread.ofVirtual()
        .name("answers")
        .start(
            () -> {
              for (int i = 0; ; i++) {
                try (Socket socket = server.accept()) {
                  int _ = socket.getInputStream().read(new byte[4096]);
                  socket.getOutputStream().write(answers[Math.min(i, answers.length - 1)]);
                } catch (IOException e) {
                  return;
                }
              }
            });
  }

  private Readiness.Verdict await(Probe.Check check, Duration limit) {
    var probe = new Probe(check, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(2), 1, 3);
    var spec =
        new SandboxSpec(
            "0123456789",
            "host",
            Map.of(),
            Path.of("image"),
            "sha256:0",
            new ProcessSpec(List.of("/x"), Map.of(), "", "/"),
            Resources.DEFAULT,
            server.getLocalPort(),
            probe,
            limit,
            NetworkPolicy.DEFAULT,
            Path.of("log"));
    var address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    var executed = new AtomicInteger();
    var readiness =
        new Readiness(
            spec,
            address,
            (_, _) ->
                new ExecResult(executed.incrementAndGet() < 3 ? 1 : 0, new byte[0], new byte[0]));
    long now = System.nanoTime();
    return readiness.await(now, now + limit.toNanos(), () -> false);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** HTTP/2 as a gRPC server sends it: SETTINGS, HEADERS (status 200), DATA. */
  private static byte[] health(int status) {
    byte[] settings = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    byte[] headers = {0, 0, 1, 1, 4, 0, 0, 0, 1, (byte) 0x88};
    byte[] data = {0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 8, (byte) status};
    byte[] all = new byte[settings.length + headers.length + data.length];
    System.arraycopy(settings, 0, all, 0, settings.length);
    System.arraycopy(headers, 0, all, settings.length, headers.length);
    System.arraycopy(data, 0, all, settings.length + headers.length, data.length);
    return all;
  }

  @Test
  void portThatAcceptsIsReady() {
    assertThat(await(new Probe.Tcp(0), Duration.ofSeconds(5)))
        .isEqualTo(new Readiness.Verdict.Ready());
  }

  @Test
  void portThatNobodyListensOnIsLateAndNamed() throws IOException {
    server.close();
    assertThat(await(new Probe.Tcp(0), Duration.ofMillis(200)).toString())
        .contains("not ready within 0.2 s")
        .contains("port " + server.getLocalPort());
  }

  @Test
  void httpIsAskedAgainUntilItAnswersWell() {
    answers(text("HTTP/1.1 503 Busy\r\n\r\n"), text("hello"), text("HTTP/1.1 204 None\r\n\r\n"));
    assertThat(await(new Probe.Http(0, "/", Map.of()), Duration.ofSeconds(5)))
        .isEqualTo(new Readiness.Verdict.Ready());
  }

  @Test
  void httpThatStaysBusyIsLateWithItsStatus() {
    answers(text("HTTP/1.1 503 Busy\r\n\r\n"));
    assertThat(await(new Probe.Http(0, "/", Map.of()), Duration.ofMillis(300)).toString())
        .contains("status 503 (expected: 200 to 399)");
  }

  @Test
  void grpcIsReadyWhenItServes() {
    answers(health(2), health(1));
    assertThat(await(new Probe.Grpc(0, ""), Duration.ofSeconds(5)))
        .isEqualTo(new Readiness.Verdict.Ready());
  }

  @Test
  void grpcThatDoesNotServeIsLateWithItsStatus() {
    answers(health(2));
    assertThat(await(new Probe.Grpc(0, "a.Service"), Duration.ofMillis(300)).toString())
        .contains("health status NOT_SERVING (expected: SERVING)");
  }

  @Test
  void commandIsRunUntilItExitsWithZero() {
    assertThat(await(new Probe.Exec(List.of("x")), Duration.ofSeconds(5)))
        .isEqualTo(new Readiness.Verdict.Ready());
  }
}
