package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.api.RevisionKey;
import dev.skep.policy.HostLimits;
import dev.skep.policy.ScalingPolicies;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.pager.Calibrator;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.SqliteStore;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.Metrics;
import dev.skep.telemetry.RequestIds;
import dev.skep.testkit.FakeBehaviour;
import dev.skep.testkit.FakeHost;
import dev.skep.testkit.FakeImages;
import dev.skep.testkit.FakeProgram;
import dev.skep.testkit.FakeSandboxRuntime;
import dev.skep.testkit.Sleeper;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How fast the control plane alone starts instances: parked requests in, endpoints out, with an
 * in-memory runtime that takes no time and the real store on disk. The reference is the same
 * runtime called on as many virtual threads without a control plane.
 */
final class StartBench {
  private static final String IMAGE = "registry.example/hello:1";

  private final int count;
  private final Path folder;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final FakeSandboxRuntime runtime =
      new FakeSandboxRuntime(new FakeHost(), Clock.systemUTC(), Sleeper.NONE)
          .behaving(FakeBehaviour.SILENT);
  private final Plane plane = new Plane();

  private StartBench(int count, Path folder) {
    this.count = count;
    this.folder = folder;
  }

  /**
   * @param args starts at once, rounds, folder for the store and logs
   */
  public static void main(String[] args) throws Exception {
    new StartBench(Integer.parseInt(args[0]), Path.of(args[2])).run(Integer.parseInt(args[1]));
  }

  private void run(int rounds) throws Exception {
    var metrics = new Metrics("bench");
    try (var store = SqliteStore.open(folder.resolve("state"), Clock.systemUTC());
        executor) {
      var settings =
          new ControlSettings(
              folder.resolve("logs"),
              "bench.test",
              80,
              0,
              new HostLimits(count, 10 * count),
              Duration.ofMinutes(1),
              Duration.ZERO,
              10_000,
              0);
      var images = new FakeImages().publish(IMAGE, FakeImages.SERVES);
      var parts =
          new ControlPlane.Parts(
              settings,
              Clocks.SYSTEM,
              store,
              new EventLog(Clock.systemUTC()),
              images,
              SandboxRuntimes.only(runtime),
              SnapshotStore.open(folder.resolve("snapshots"), 1L << 40, Clock.systemUTC()),
              RemoteSnapshots.NONE,
              Calibrator.off(),
              new ColdStarts(1_000, metrics),
              metrics,
              ScalingPolicies.BUILT_IN,
              new Random(1),
              (_, _) -> Optional.empty(),
              _ -> {},
              executor);
      try (var control = new ControlPlane(parts)) {
        control.start(plane);
        measure(rounds, store, control);
      }
    }
  }

  private void measure(int rounds, SqliteStore store, ControlPlane control) throws Exception {
    double[] burst = new double[rounds];
    double[] spread = new double[rounds];
    double[] bare = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      bare[round] = bareStarts();
      burst[round] = starts("one" + round, 1, store, control);
      spread[round] = starts("many" + round + "x", count, store, control);
      System.out.printf(
          "round %d: one function %.1f us/start, %d functions %.1f us/start, no control plane %.1f"
              + " us/start%n",
          round, burst[round], count, spread[round], bare[round]);
    }
    report("%d starts of one function at once".formatted(count), median(burst), median(bare));
    report(
        "one start of each of %d functions at once".formatted(count), median(spread), median(bare));
  }

  private static void report(String what, double micros, double bareMicros) {
    double rate = 1e6 / micros;
    System.out.printf(
        "RESULT\t%s, control plane alone\tthe fake runtime on bare virtual threads\t%.0f starts/s"
            + "\t%.0f starts/s\t%.2f\t>= 2500 starts/s\t%s%n",
        what, rate, 1e6 / bareMicros, micros / bareMicros, rate >= 2500 ? "ok" : "missed");
  }

  /** Microseconds per start, from the first parked request to the last endpoint. */
  private double starts(String name, int functions, SqliteStore store, ControlPlane control)
      throws Exception {
    for (int i = 0; i < functions; i++) {
      store.create(ResourceKind.KNATIVE_SERVICE, service(name + i));
    }
    for (int i = 0; i < functions; i++) {
      awaitReady(store, name + i);
    }
    int each = count / functions;
    plane.expect(functions * each);
    List<RevisionKey> keys =
        IntStream.range(0, functions)
            .mapToObj(i -> new RevisionKey("default", name + i + "-00001"))
            .toList();
    keys.forEach(key -> plane.pool(key).waiting = each);
    long began = System.nanoTime();
    for (RevisionKey key : keys) {
      for (int i = 0; i < each; i++) {
        control.listener().parked(key, RequestIds.of("r" + i), began);
      }
    }
    plane.await();
    double micros = (System.nanoTime() - began) / 1e3 / (functions * each);
    for (int i = 0; i < functions; i++) {
      store.delete(ResourceKind.KNATIVE_SERVICE, "default", name + i);
    }
    while (!runtime.host().sandboxes().isEmpty()) {
      Thread.sleep(5);
    }
    return micros;
  }

  private static void awaitReady(SqliteStore store, String name) throws InterruptedException {
    while (store
        .get(ResourceKind.KNATIVE_SERVICE, "default", name)
        .flatMap(service -> service.condition("Ready"))
        .filter(ready -> ready.path("status").asString("").equals("True"))
        .isEmpty()) {
      Thread.sleep(2);
    }
  }

  private static ApiObject service(String name) {
    return new ApiObject(
        (ObjectNode)
            JsonMapper.shared()
                .readTree(
                    """
                    {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
                     "metadata": {"namespace": "default", "name": "%s"},
                     "spec": {"template": {
                       "metadata": {"annotations": {"autoscaling.knative.dev/initial-scale": "0",
                         "autoscaling.knative.dev/class": "waiting.autoscaling.skep.dev"}},
                       "spec": {"containerConcurrency": 1,
                                "containers": [{"image": "%s"}]}}}}
                    """
                        .formatted(name, IMAGE)));
  }

  private double bareStarts() throws InterruptedException {
    var done = new CountDownLatch(count);
    long began = System.nanoTime();
    for (int i = 0; i < count; i++) {
      SandboxSpec spec = spec("bare%06d".formatted(i));
      executor.execute(
          () -> {
            runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));
            done.countDown();
          });
    }
    done.await();
    double micros = (System.nanoTime() - began) / 1e3 / count;
    runtime.host().sandboxes().forEach(sandbox -> sandbox.stop(Duration.ZERO));
    return micros;
  }

  private SandboxSpec spec(String id) {
    return new SandboxSpec(
        id,
        "bench",
        Map.of(),
        Path.of("/none"),
        "sha256:none",
        new ProcessSpec(FakeProgram.SERVE.with(), Map.of(), "", "/"),
        Resources.DEFAULT,
        8080,
        Probe.onPort(),
        Duration.ofMinutes(1),
        NetworkPolicy.DEFAULT,
        folder.resolve(id + ".log"));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Counts endpoints; requests wait until their revision has as many. */
  private static final class Plane implements DataPlane {
    private static final class Pool {
      volatile int waiting;
      final AtomicInteger ready = new AtomicInteger();
    }

    private final Map<RevisionKey, Pool> pools = new ConcurrentHashMap<>();
    private volatile CountDownLatch missing = new CountDownLatch(0);

    Pool pool(RevisionKey key) {
      return pools.computeIfAbsent(key, _ -> new Pool());
    }

    void expect(int endpoints) {
      missing = new CountDownLatch(endpoints);
    }

    void await() throws InterruptedException {
      if (!missing.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException(missing.getCount() + " starts did not end in 30 s");
      }
    }

    @Override
    public void endpoints(RevisionKey revision, List<Endpoint> ready) {
      int before = pool(revision).ready.getAndSet(ready.size());
      for (int i = before; i < ready.size(); i++) {
        missing.countDown();
      }
    }

    /** All requests are in flight or wait: as many as were parked. */
    @Override
    public LoadSample sample(RevisionKey revision) {
      Pool pool = pool(revision);
      int inside = Math.min(pool.waiting, pool.ready.get());
      return new LoadSample(inside, pool.waiting - inside, pool.waiting, 0);
    }

    @Override
    public void routes(RouteTable table) {}

    @Override
    public void revision(RevisionTraffic traffic) {}

    @Override
    public void forget(RevisionKey revision) {
      pools.remove(revision);
    }

    @Override
    public void ended(RevisionKey revision, String instance) {}

    @Override
    public void refuse(RevisionKey revision, StartFailure failure) {
      pool(revision).waiting = 0;
    }

    @Override
    public int inFlight(RevisionKey revision, String instance) {
      return 0;
    }
  }
}
