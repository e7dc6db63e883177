package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The real script, daemon, QEMU and network, from {@code up} to {@code down}. One daemon for all
 * tests, in a fixed order: each start costs seconds where there is no KVM.
 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RunningDaemonTest {
  private Path state;
  private SkepScript skep;
  private String tag = "";
  private List<String> kinds = List.of();

  @BeforeAll
  void start() throws IOException {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "needs root: namespaces, taps, cgroups");
    state = Files.createTempDirectory(Path.of("/tmp"), "skep-it");
    skep = SkepScript.in(state);
    SkepScript.Result runsc = skep.execute(List.of("testbed/runsc"));
    kinds = runsc.code() == 0 ? List.of("gvisor", "container") : List.of("container");
    Files.writeString(
        state.resolve("skep.yaml"), "gvisor:\n  runsc: '" + runsc.out().strip() + "'\n");
    assertThat(skep.up()).satisfies(up -> assertThat(up.code()).as(up.err()).isZero());
    SkepScript.Result tar = skep.execute(List.of("examples/build", "hello"));
    Assumptions.assumeTrue(tar.code() == 0, "examples/build hello: " + tar.err());
    String path =
        tar.out()
            .lines()
            .filter(line -> line.startsWith("hello "))
            .findFirst()
            .orElseThrow()
            .split(" ")[1];
    SkepScript.Result imported =
        skep.run(
            "image",
            "import",
            path,
            "--name",
            "dev.local/hello",
            "--cmd",
            "/hello",
            "--port",
            "8080");
    assertThat(imported.code()).as(imported.err()).isZero();
  }

  @AfterAll
  void stop() throws IOException {
    if (skep != null) {
      skep.run("down");
      try (Stream<Path> files = Files.walk(state)) {
        files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  /** What this daemon has on the host outside of its folder; other daemons use other tags. */
  private String host() {
    assertThat(tag).isNotEmpty();
    String census =
        "ip netns | grep 'skep-TAG'; ip -o link | grep TAG; nft list tables | grep TAG;"
            + " find /sys/fs/cgroup -maxdepth 4 -type d -path '*skep-TAG*'";
    return skep.execute(List.of("sh", "-c", census.replace("TAG", tag))).out();
  }

  /** All that a daemon makes carries a tag; a running VMM's network namespace tells it. */
  private String tagOf(ProcessHandle vmm) {
    String namespace =
        skep.execute(List.of("ip", "netns", "identify", Long.toString(vmm.pid()))).out().strip();
    assertThat(namespace).matches("skep-\\w+-\\d+");
    return namespace.split("-", 3)[1];
  }

  private void killDaemon() throws IOException {
    ProcessHandle daemon = DaemonProcess.find(state).orElseThrow();
    daemon.destroyForcibly();
    daemon.onExit().join();
  }

  private Json only(String service) {
    List<Json> ready =
        skep.run("ls", "-o", "json").code() != 0
            ? List.of()
            : instances(service).stream()
                .filter(instance -> instance.at("state").text().equals("ready"))
                .toList();
    assertThat(ready).hasSize(1);
    return ready.getFirst();
  }

  /** Of the instances in other sandboxes than microVMs. */
  private List<String> names() {
    return kinds.stream().map(kind -> only("in-" + kind).at("name").text()).toList();
  }

  private List<Json> instances(String service) {
    try (var api = new ApiClient(state)) {
      return api.get(ApiClient.instances("default") + "?service=" + service).at("items").items();
    }
  }

  private ProcessHandle vmm(String instance) {
    return ProcessHandle.allProcesses()
        .filter(
            process -> process.info().commandLine().orElse("").contains("-name skep-" + instance))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no process of instance " + instance));
  }

  /** Without snapshots: whether one is there in time would decide how the next start goes. */
  private void deployHello(String name) {
    SkepScript.Result deployed =
        skep.run(
            "deploy",
            "dev.local/hello",
            "--name",
            name,
            "--memory",
            "64Mi",
            "--annotation",
            "skep.dev/snapshot=never");
    assertThat(deployed.code()).as(deployed.err()).isZero();
    assertThat(deployed.out())
        .isEqualTo("http://" + name + ".default.127.0.0.1.sslip.io:" + skep.gatewayPort() + "\n");
  }

  @Test
  @Order(1)
  void answersCallsWarmAndCold() {
    deployHello("hello");
    SkepScript.Result warm = skep.run("invoke", "hello", "-o", "json");
    assertThat(warm.json().at("start").text()).isEqualTo("warm");
    assertThat(warm.json().at("body").text()).contains("Hello");

    ProcessHandle vmm = vmm(only("hello").at("name").text());
    tag = tagOf(vmm);
    assertThat(host()).contains("skep-" + tag);
    assertThat(vmm.destroyForcibly()).isTrue();
    vmm.onExit().join();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                instances("hello").stream()
                    .noneMatch(instance -> instance.at("state").text().equals("ready")));

    SkepScript.Result cold = skep.run("invoke", "hello", "-o", "json");
    assertThat(cold.code()).as(cold.err()).isZero();
    assertThat(cold.json().at("start").text()).isEqualTo("cold");
    Json start = cold.json().at("coldStart");
    long sum =
        start.at("phases").items().stream()
            .mapToLong(phase -> phase.at("durationNanos").number())
            .sum();
    assertThat((double) sum)
        .isCloseTo(
            Times.nanos(start.at("total").text()),
            org.assertj.core.data.Percentage.withPercentage(1));
    assertThat(start.at("phases").items())
        .extracting(phase -> phase.at("phase").text())
        .contains("guest.boot", "runtime.init", "exec");
  }

  @Test
  @Order(2)
  void showsLogsAndExplainsTheStart() {
    assertThat(skep.run("logs", "hello").out()).contains("listening on port 8080");
    assertThat(skep.run("why", "hello").out()).contains("guest.boot").contains("Most of it: ");
    assertThat(skep.run("describe", "hello").out())
        .contains("dev.local/hello")
        .contains("RoutesReady");
    assertThat(skep.run("ls").out()).containsPattern("hello +default +yes +1 ");
  }

  @Test
  @Order(3)
  void saysWhyAFunctionDoesNotStart() {
    SkepScript.Result missing =
        skep.run("deploy", "dev.local/hello", "--name", "typo", "--command", "/helo");
    assertThat(missing.code()).isEqualTo(1);
    assertThat(missing.err()).contains("/helo");
    SkepScript.Result unknown = skep.run("deploy", "127.0.0.1:1/nothing:v1", "--name", "noimage");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).contains("127.0.0.1:1/nothing");
    assertThat(skep.run("delete", "typo", "noimage").code()).isZero();
  }

  @Test
  @Order(4)
  void refusesASecondDaemonOnTheSameFolder() {
    SkepScript.Result again = skep.up();
    assertThat(again.code()).isZero();
    assertThat(again.err()).contains("already running, pid ");
    SkepScript.Result second = skep.run("daemon", "--gateway-port", "0", "--api-port", "0");
    assertThat(second.code()).isEqualTo(75);
    assertThat(second.err()).contains(state.toString()).containsPattern("process \\d+");
  }

  @Test
  @Order(5)
  void namesThePortThatIsTaken() throws IOException {
    Path other = Files.createTempDirectory(Path.of("/tmp"), "skep-it");
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      SkepScript.Result up =
          skep.run("up", "--state", other.toString(), "--gateway-port", port, "--api-port", "0");
      assertThat(up.code()).isNotZero();
      assertThat(up.err()).contains("127.0.0.1:" + port);
    }
    skep.execute(List.of("rm", "-rf", other.toString()));
  }

  @Test
  @Order(6)
  void adoptsItsInstancesAfterTheDaemonWasKilled() throws IOException {
    String instance = only("hello").at("name").text();
    killDaemon();
    assertThat(skep.run("ls").code()).isEqualTo(4);

    SkepScript.Result up = skep.up();
    assertThat(up.code()).as(up.err()).isZero();
    assertThat(only("hello").at("name").text()).isEqualTo(instance);
    assertThat(skep.run("invoke", "hello", "-o", "json").json().at("start").text())
        .isEqualTo("warm");
    assertThat(skep.run("logs", "hello").out()).contains("listening on port 8080");
  }

  @Test
  @Order(7)
  void leavesInstancesToTheNextDaemonWhenAsked() {
    String instance = only("hello").at("name").text();
    assertThat(skep.run("down", "--keep-sandboxes").code()).isZero();
    assertThat(vmm(instance).isAlive()).isTrue();
    assertThat(skep.up().code()).isZero();
    assertThat(only("hello").at("name").text()).isEqualTo(instance);
  }

  @Test
  @Order(8)
  void runsTheSameImageInEveryKindOfSandbox() throws IOException {
    for (String kind : kinds) {
      SkepScript.Result deployed =
          skep.run("deploy", "dev.local/hello", "--name", "in-" + kind, "--sandbox", kind);
      assertThat(deployed.code()).as(deployed.err()).isZero();
      assertThat(only("in-" + kind).at("sandbox").text()).isEqualTo(kind);
    }
    List<String> before = names();

    killDaemon();
    assertThat(skep.up().code()).isZero();

    assertThat(names()).as("adopted").isEqualTo(before);
    for (String kind : kinds) {
      SkepScript.Result answer = skep.run("invoke", "in-" + kind, "-o", "json");
      assertThat(answer.json().at("start").text()).as(answer.err()).isEqualTo("warm");
    }
  }

  @Test
  @Order(9)
  void leavesNothingOnTheHostAndItsObjectsComeBack() {
    String backup = skep.state().resolve("backup.db").toString();
    assertThat(skep.succeed("state", "backup", backup).err()).contains("objects");
    assertThat(skep.run("state", "restore", backup).err()).contains("skep down");
    skep.succeed("delete", "hello");
    SkepScript.Result down = skep.run("down");
    assertThat(down.code()).as(down.err()).isZero();
    assertThat(host()).isEmpty();
    assertThat(skep.run("down").err()).contains("no daemon was running");
    skep.succeed("state", "restore", backup);
  }

  @Test
  @Order(10)
  void removesWhatAKilledDaemonLeft() throws IOException {
    assertThat(skep.up().code()).isZero();
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(skep.run("invoke", "hello").code()).isZero());
    killDaemon();
    SkepScript.Result down = skep.run("down");
    assertThat(down.code()).as(down.err()).isZero();
    assertThat(host()).isEmpty();
  }
}
