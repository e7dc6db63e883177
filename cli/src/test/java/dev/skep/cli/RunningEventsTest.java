package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The example of a function that takes events, in a real guest: by a Trigger and a PingSource. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningEventsTest {
  private static final String MANIFEST = "examples/events/service.yaml";
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private SkepScript skep;

  @BeforeAll
  void start() throws IOException {
    skep = SkepScript.inNewFolder();
    String events = skep.example("events");
    SkepScript.succeeded(skep.up());
    skep.succeed(
        "image",
        "import",
        events,
        "--name",
        "dev.local/events",
        "--cmd",
        "/usr/bin/python3 -S /app/server.pyc",
        "--port",
        "8080");
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.down();
    }
  }

  private String post(String type, String room, String data) throws IOException {
    String request =
        """
        POST /default/default HTTP/1.1
        Host: broker-ingress.knative-eventing.svc.cluster.local
        Connection: close
        ce-specversion: 1.0
        ce-id: 1
        ce-source: /sensors/7
        ce-type: %s
        ce-room: %s
        Content-Length: %d

        %s"""
            .formatted(type, room, data.length(), data)
            .replace("\n", "\r\n");
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), skep.gatewayPort())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
          .split("\r\n")[0];
    }
  }

  private void awaitLog(String line) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(skep.run("logs", "alarm").out()).contains(line));
  }

  private void awaitReady(String object, String name) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () -> assertThat(skep.run("get", object, name).out()).containsPattern("True"));
  }

  private void killDaemon() throws IOException {
    ProcessHandle daemon = DaemonProcess.find(skep.state()).orElseThrow();
    daemon.destroyForcibly();
    daemon.onExit().join();
  }

  @Test
  void eventsStartTheFunctionAndOutliveTheDaemon() throws IOException {
    skep.succeed("apply", "-f", MANIFEST);
    awaitReady("trigger", "overheat");
    assertThat(post("sensor.heat", "lab", "41")).isEqualTo("HTTP/1.1 202 Accepted");
    assertThat(post("sensor.heat", "kitchen", "99")).isEqualTo("HTTP/1.1 202 Accepted");
    awaitLog("event sensor.heat from /sensors/7: 41");
    awaitLog(
        "event dev.knative.sources.ping from /apis/v1/namespaces/default/pingsources/pulse: still here");

    assertThat(post("sensor.heat", "lab", "42")).isEqualTo("HTTP/1.1 202 Accepted");
    killDaemon();
    SkepScript.succeeded(skep.up());
    awaitLog("event sensor.heat from /sensors/7: 42");
    assertThat(skep.run("logs", "alarm").out()).doesNotContain(": 99");
  }
}
