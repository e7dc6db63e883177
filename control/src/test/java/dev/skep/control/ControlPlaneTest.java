package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.ApiObject;
import dev.skep.image.ImageConfig;
import dev.skep.policy.HostLimits;
import dev.skep.policy.ScalingPolicies;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.pager.Calibrator;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.SqliteStore;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.Metrics;
import dev.skep.testkit.FakeHost;
import dev.skep.testkit.FakeImages;
import dev.skep.testkit.FakeProgram;
import dev.skep.testkit.FakeSandboxRuntime;
import dev.skep.testkit.ManualClock;
import dev.skep.testkit.Sleeper;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The whole with its threads, the real store and HTTP servers as instances. */
final class ControlPlaneTest {
  private static final ResourceKind KIND = ResourceKind.KNATIVE_SERVICE;

  @TempDir Path folder;
  private final FakeHost host = new FakeHost();
  private final FakeImages images =
      new FakeImages().publish("hello", FakeImages.SERVES).publish("hangs", hangs());
  private final Metrics metrics = new Metrics("test");
  private final ColdStarts coldStarts = new ColdStarts(100, metrics);
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private SqliteStore store;
  private ControlPlane control;
  private FakeDataPlane gateway;

  private static ImageConfig hangs() {
    var serves = FakeImages.SERVES;
    return new ImageConfig(
        FakeProgram.HANG.with(),
        List.of(),
        serves.env(),
        "",
        "",
        serves.port(),
        serves.architecture());
  }

  @BeforeEach
  void start() {
    store = SqliteStore.open(folder.resolve("state"), Clock.systemUTC());
    control = started(metrics);
  }

  private ControlPlane started(Metrics counting) {
    var settings =
        new ControlSettings(
            folder.resolve("logs"),
            "example.test",
            80,
            0,
            new HostLimits(4, 100),
            Duration.ofMinutes(2),
            Duration.ofSeconds(1),
            100,
            3);
    var plane =
        new ControlPlane(
            new ControlPlane.Parts(
                settings,
                Clocks.SYSTEM,
                store,
                new EventLog(Clock.systemUTC()),
                images,
                SandboxRuntimes.only(new FakeSandboxRuntime(host, Clock.systemUTC(), Sleeper.REAL)),
                SnapshotStore.open(folder.resolve("snapshots"), 1L << 40, Clock.systemUTC()),
                RemoteSnapshots.NONE,
                Calibrator.off(),
                coldStarts,
                counting,
                ScalingPolicies.BUILT_IN,
                new Random(),
                (_, _) -> Optional.empty(),
                _ -> {},
                executor));
    gateway = new FakeDataPlane(new ManualClock(), plane.listener());
    plane.start(gateway);
    return plane;
  }

  @AfterEach
  void stop() {
    store
        .list(KIND, Optional.empty())
        .items()
        .forEach(service -> store.delete(KIND, service.namespace(), service.name()));
    await().atMost(Duration.ofSeconds(10)).until(() -> host.sandboxes().isEmpty());
    control.close();
    executor.close();
    store.close();
  }

  private void deploy(String name, String image) {
    ObjectNode json =
        (ObjectNode)
            JsonMapper.shared()
                .readTree(
                    """
                    {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
                     "metadata": {"namespace": "default", "name": "%s"},
                     "spec": {"template": {"spec": {"containers": [{"image": "%s"}]}}}}
                    """
                        .formatted(name, image));
    store.create(KIND, new ApiObject(json));
  }

  private void awaitReady(String name) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                store
                    .get(KIND, "default", name)
                    .flatMap(service -> service.condition("Ready"))
                    .filter(ready -> ready.path("status").asString("").equals("True"))
                    .isPresent());
  }

  @Test
  void deploysWhatTheStoreIsToldAndShowsItsInstances() throws Exception {
    deploy("hello", "hello");
    awaitReady("hello");

    InstanceView view = control.instances().list().getFirst();
    assertThat(view.state()).isEqualTo("ready");
    assertThat(view.service()).isEqualTo("hello");
    assertThat(view.address()).isPresent();
    assertThat(control.instances().stats(view.name())).isPresent();
    var echo =
        control
            .instances()
            .exec(view.name(), FakeProgram.ECHO.with("hi"), new byte[0], Duration.ofSeconds(5));
    assertThat(new String(echo.stdout(), StandardCharsets.UTF_8)).isEqualTo("hi\n");
    assertThat(control.instances().logFile(view.name()).orElseThrow())
        .content()
        .contains("listening on port 8080");
    var figures = new ByteArrayOutputStream();
    metrics.write(figures);
    assertThat(figures.toString(StandardCharsets.UTF_8))
        .contains("skep_instances{state=\"ready\"} 1.0");
  }

  @Test
  void nextControlPlaneTakesOverWithoutLosingInstances() {
    deploy("hello", "hello");
    awaitReady("hello");
    String instance = control.instances().list().getFirst().name();
    control.close();
    control = started(new Metrics("next"));

    assertThat(gateway.endpoints(World.revision("hello-00001"))).containsExactly(instance);
    assertThat(gateway.table.hosts()).containsKey("hello.default.example.test");
  }

  @Test
  void deletionStopsItsInstances() {
    deploy("hello", "hello");
    awaitReady("hello");
    store.delete(KIND, "default", "hello");

    await().atMost(Duration.ofSeconds(10)).until(() -> host.sandboxes().isEmpty());
  }

  @Test
  void closingEndsStartsThatWouldTakeLong() {
    deploy("slow", "hangs");
    await().atMost(Duration.ofSeconds(10)).until(() -> !host.sandboxes().isEmpty());
    control.close();

    await().atMost(Duration.ofSeconds(10)).until(() -> host.sandboxes().isEmpty());
  }
}
