package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A Deployment in real sandboxes of each kind behind a Service, called from the host and from a
 * function.
 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunningServicesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Tells its name over TCP and UDP, and ends when its third port is called. */
  private static final String MANIFEST =
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: echo}
      spec:
        replicas: %d
        selector: {matchLabels: {app: echo}}
        template:
          metadata: {labels: {app: echo}}
          spec:
            runtimeClassName: %s
            containers:
            - name: echo
              image: dev.local/services
              ports:
              - {name: tcp, containerPort: 7000}
              - {name: udp, containerPort: 7001, protocol: UDP}
              - {name: end, containerPort: 7002}
              command: [/usr/bin/python3, -S, -c]
              args:
              - |
                import os, socket, threading
                name = socket.gethostname()
                tcp, end = socket.create_server(('', 7000)), socket.create_server(('', 7002))
                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                udp.bind(('', 7001))
                def datagrams():
                  while True:
                    _, sender = udp.recvfrom(100)
                    udp.sendto(name.encode(), sender)
                def ends():
                  end.accept()
                  print('told to end', flush=True)
                  os._exit(3)
                threading.Thread(target=datagrams).start()
                threading.Thread(target=ends).start()
                while True:
                  connection, _ = tcp.accept()
                  connection.sendall(name.encode())
                  connection.close()
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: echo}
      spec:
        selector: {app: echo}
        ports:
        - {name: tcp, port: 80, targetPort: tcp}
        - {name: udp, port: 53, targetPort: udp, protocol: UDP}
        - {name: end, port: 99, targetPort: end}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: peers}
      spec: {clusterIP: None, selector: {app: echo}}
      """;

  private static final String CALLER =
      """
      import socket
      tcp = socket.create_connection(('echo.default', 80), 5).recv(99).decode()
      udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      udp.settimeout(5)
      udp.connect(('echo.default.svc.cluster.local', 53))
      udp.send(b'?')
      print(tcp, udp.recv(99).decode())
      peers = sorted(set(info[4][0] for info in socket.getaddrinfo('peers', 7000, socket.AF_INET)))
      print(*[socket.create_connection((peer, 7000), 5).recv(99).decode() for peer in peers])
      try:
        socket.create_connection(('echo.default', 81), 5)
      except OSError as e:
        print(type(e).__name__)
      """;

  private SkepScript skep;
  private boolean hasGvisor;

  @BeforeAll
  void start() throws IOException {
    skep = SkepScript.inNewFolder();
    SkepScript.Result runsc = skep.execute(List.of("testbed/runsc"));
    hasGvisor = runsc.code() == 0;
    if (hasGvisor) {
      Files.writeString(
          skep.state().resolve("skep.yaml"), "gvisor:\n  runsc: '" + runsc.out().strip() + "'\n");
    }
    String tar = skep.example("chain");
    SkepScript.succeeded(skep.up());
    String command = "/usr/bin/python3 -S /app/server.pyc";
    skep.succeed(
        "image", "import", tar, "--name", "dev.local/services", "--cmd", command, "--port", "8080");
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.down();
    }
  }

  private Json get(String kind, String name) {
    return skep.succeed("get", kind, name, "-o", "json").json();
  }

  private void awaitPods(int ready) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(
            () ->
                assertThat(get("deployment", "echo").at("status", "readyReplicas").number())
                    .as(skep.run("describe", "echo").out())
                    .isEqualTo(ready));
  }

  private static String tcp(String address, int port) throws IOException {
    try (var socket = new Socket()) {
      socket.setSoTimeout(5_000);
      socket.connect(new InetSocketAddress(address, port), 5_000);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String udp(String address, int port) throws IOException {
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(5_000);
      socket.connect(InetAddress.getByName(address), port);
      socket.send(new DatagramPacket(new byte[] {'?'}, 1));
      var answer = new DatagramPacket(new byte[100], 100);
      socket.receive(answer);
      return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
    }
  }

  private String inside(String instance, String script) {
    try (var api = new ApiClient(skep.state())) {
      Map<String, Object> order = new LinkedHashMap<>();
      order.put("argv", List.of("/usr/bin/python3", "-S", "-c", script));
      Json result =
          api.post(ApiClient.instances("default") + "/" + instance + "/exec", new Json(order));
      byte[] err = Base64.getDecoder().decode(result.at("stderr").text());
      assertThat(result.at("exitCode").number())
          .as(new String(err, StandardCharsets.UTF_8))
          .isZero();
      return new String(
          Base64.getDecoder().decode(result.at("stdout").text()), StandardCharsets.UTF_8);
    }
  }

  private String instance(String service) {
    try (var api = new ApiClient(skep.state())) {
      return api.get(ApiClient.instances("default")).at("items").items().stream()
          .filter(instance -> instance.at("service").text().equals(service))
          .filter(instance -> instance.at("state").text().equals("ready"))
          .map(instance -> instance.at("name").text())
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void containersServeByAddressAndNameWhileTheyAndTheDaemonComeAndGo() throws Exception {
    serveWhileTheyAndTheDaemonComeAndGo("container", 2);
  }

  @Test
  void gvisorSandboxesDoSoToo() throws Exception {
    Assumptions.assumeTrue(hasGvisor, "testbed/runsc had no runsc");
    serveWhileTheyAndTheDaemonComeAndGo("gvisor", 2);
  }

  @Test
  void microVmsDoSoToo() throws Exception {
    serveWhileTheyAndTheDaemonComeAndGo("microvm", 1);
  }

  private void serveWhileTheyAndTheDaemonComeAndGo(String kind, int pods) throws Exception {
    Path manifest =
        Files.writeString(skep.state().resolve("echo.yaml"), MANIFEST.formatted(pods, kind));
    assertThat(skep.succeed("apply", "-f", manifest.toString()).out())
        .contains("service/echo created", "deployment.apps/echo created");
    awaitPods(pods);
    String address = get("service", "echo").at("spec", "clusterIP").text();
    assertThat(tcp(address, 80)).startsWith("echo-");
    assertThat(udp(address, 53)).startsWith("echo-");
    assertThatThrownBy(() -> tcp(address, 81)).isInstanceOf(ConnectException.class);

    skep.succeed(
        "deploy",
        "dev.local/services",
        "--name",
        "caller",
        "--sandbox",
        "container",
        "--min-scale",
        "1");
    assertThat(inside(instance("caller"), CALLER))
        .matches(
            "echo-\\S+ echo-\\S+\n" + "echo-\\S+ ?".repeat(pods) + "\nConnectionRefusedError\n");

    tcp(address, 99);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> skep.succeed("describe", "echo").out().contains("told to end"));
    awaitPods(pods);
    assertThat(restarts()).isOne();
    assertThat(skep.succeed("logs", "echo").code()).isZero();

    killDaemon();
    assertThat(tcp(address, 80)).as("without a daemon").startsWith("echo-");
    SkepScript.succeeded(skep.up());
    assertThat(tcp(address, 80)).startsWith("echo-");
    awaitPods(pods);
    assertThat(restarts()).as("adopted").isOne();

    skep.succeed("delete", "-f", manifest.toString());
    Awaitility.await().atMost(PATIENCE).until(() -> pods().findAny().isEmpty());
  }

  /** Of the Deployment: the instances of functions are pods too. */
  private Stream<Json> pods() {
    return skep.succeed("get", "pods", "-o", "json").json().at("items").items().stream()
        .filter(pod -> pod.at("metadata", "name").text().startsWith("echo-"));
  }

  private long restarts() {
    return pods()
        .flatMap(pod -> pod.at("status", "containerStatuses").items().stream())
        .mapToLong(container -> container.at("restartCount").number())
        .sum();
  }

  private void killDaemon() throws IOException {
    ProcessHandle daemon = DaemonProcess.find(skep.state()).orElseThrow();
    daemon.destroyForcibly();
    daemon.onExit().join();
  }
}
