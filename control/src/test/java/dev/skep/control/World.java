package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.Probe;
import dev.skep.api.RevisionKey;
import dev.skep.policy.HostLimits;
import dev.skep.policy.ScalingPolicies;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.pager.Calibrator;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.Metrics;
import dev.skep.testkit.FakeBehaviour;
import dev.skep.testkit.FakeHost;
import dev.skep.testkit.FakeImages;
import dev.skep.testkit.FakeSandbox;
import dev.skep.testkit.FakeSandboxRuntime;
import dev.skep.testkit.ManualClock;
import dev.skep.testkit.Sleeper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A whole host on a virtual clock and one thread: the real control loop between a fake store, fake
 * images, fake sandboxes and a fake gateway. What would run on a virtual thread runs after a delay
 * of the virtual clock.
 */
final class World {
  private record Task(long atNanos, long sequence, Runnable work) {}

  static final String IMAGE = "registry.example/hello:1";
  static final ResourceKind SERVICES = ResourceKind.KNATIVE_SERVICE;

  final ManualClock clock = new ManualClock();
  final FakeStore store = new FakeStore();
  final EventLog events = new EventLog(clock);
  final FakeImages images = new FakeImages().publish(IMAGE, FakeImages.SERVES);
  final FakeHost host = new FakeHost();
  final FakeSandboxRuntime runtime =
      new FakeSandboxRuntime(host, clock, Sleeper.NONE).behaving(FakeBehaviour.SILENT);
  final Metrics metrics = new Metrics("test");
  final ColdStarts coldStarts = new ColdStarts(1000, metrics);
  final List<Runnable> afterEachEvent = new ArrayList<>();
  final ControlSettings settings;
  final SnapshotStore snapshots;
  final FakeRemote remote = new FakeRemote();
  private final Random random;
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(
          Comparator.comparingLong(Task::atNanos).thenComparingLong(Task::sequence));
  private long sequence;
  private Mailbox mailbox = new Mailbox(clock::nanoTime);
  InstanceDirectory directory;
  FakeDataPlane gateway;
  ControlLoop loop;

  /** Whether instances answer when somebody looks. */
  boolean reachable = true;

  /** Whether any other probe of a ready instance passes. */
  BiPredicate<Sandbox, Probe> probes = (_, _) -> true;

  /** How late a change is told: each kind has a watch of its own. */
  Supplier<Duration> lag = () -> Duration.ZERO;

  /** How long what runs on the executor takes. */
  Duration work = Duration.ofMillis(100);

  World(Path folder) {
    this(folder, 1, new HostLimits(16, 200));
  }

  World(Path folder, long seed, HostLimits limits) {
    this.random = new Random(seed);
    this.snapshots = SnapshotStore.open(folder.resolve("snapshots"), 1L << 40, clock);
    this.settings =
        new ControlSettings(
            folder.resolve("logs"),
            "example.test",
            8080,
            8443,
            limits,
            Duration.ofMinutes(2),
            Duration.ofSeconds(10),
            10_000,
            3);
    boot();
  }

  /** The daemon dies without a word and a new one starts on the same host. */
  void restartDaemon() {
    tasks.clear();
    boot();
  }

  private void boot() {
    mailbox = new Mailbox(clock::nanoTime);
    gateway = new FakeDataPlane(clock, new LoopListener(mailbox, () -> loop));
    directory = new InstanceDirectory("fake", new LogFolder(settings.logs(), 3));
    directory.connect(gateway);
    var parts =
        new ControlPlane.Parts(
            settings,
            new Clocks(clock, clock::nanoTime),
            store,
            events,
            images,
            SandboxRuntimes.only(runtime),
            snapshots,
            remote,
            Calibrator.off(),
            coldStarts,
            metrics,
            ScalingPolicies.BUILT_IN,
            random,
            (_, _) -> Optional.empty(),
            _ -> {},
            task -> later(work, task));
    loop = new ControlLoop(parts, mailbox, directory, gateway, this::probe);
    store.changed = this::notice;
    loop.begin();
    drain();
  }

  private Optional<String> probe(Sandbox sandbox, Probe probe) {
    boolean passes = probe.check() instanceof Probe.Tcp ? reachable : probes.test(sandbox, probe);
    return passes ? Optional.empty() : Optional.of("refused");
  }

  private record Changed(ResourceKind kind, ObjectName name) {}

  /** As the watches of the daemon do. */
  private void notice(ResourceKind kind, ResourceStore.Event event) {
    if (ControlLoop.KINDS.contains(kind)) {
      ControlLoop.news(kind, event).ifPresent(object -> tell(kind, object));
    }
  }

  private void tell(ResourceKind kind, ApiObject object) {
    Runnable tell =
        () ->
            mailbox.postOnce(
                new Changed(kind, ObjectName.of(object)), () -> loop.changed(kind, object));
    Duration late = lag.get();
    if (late.isZero()) {
      tell.run();
    } else {
      later(late, tell);
    }
  }

  void later(Duration delay, Runnable work) {
    tasks.add(new Task(clock.nanoTime() + delay.toNanos(), sequence++, work));
  }

  private void drain() {
    while (loop.runNext()) {
      afterEachEvent.forEach(Runnable::run);
    }
  }

  /** Lets this much time pass, doing all that is due on its way. */
  void pass(Duration time) {
    long end = clock.nanoTime() + time.toNanos();
    drain();
    while (true) {
      long next = nextEvent();
      if (next > end) {
        break;
      }
      clock.advance(Duration.ofNanos(Math.max(0, next - clock.nanoTime())));
      while (!tasks.isEmpty() && tasks.peek().atNanos() <= clock.nanoTime()) {
        tasks.remove().work().run();
        afterEachEvent.forEach(Runnable::run);
      }
      drain();
    }
    clock.advance(Duration.ofNanos(end - clock.nanoTime()));
    drain();
  }

  private long nextEvent() {
    long timer = clock.nanoTime() + mailbox.nanosToNextTimer();
    return tasks.isEmpty() ? timer : Math.min(timer, tasks.peek().atNanos());
  }

  void seconds(double seconds) {
    pass(Duration.ofNanos((long) (seconds * 1e9)));
  }

  /** Creates or replaces a Service and lets the control loop know. */
  void apply(String name, String image, String... annotations) {
    apply(name, image, 0, annotations);
  }

  void apply(String name, String image, int containerConcurrency, String... annotations) {
    apply(name, service(name, image, containerConcurrency, annotations));
  }

  static ObjectNode service(
      String name, String image, int containerConcurrency, String... annotations) {
    ObjectNode json =
        (ObjectNode)
            JsonMapper.shared()
                .readTree(
                    """
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
         "metadata": {"namespace": "default", "name": "%s"},
         "spec": {"template": {"metadata": {"annotations": {}},
           "spec": {"containerConcurrency": %d, "timeoutSeconds": 300,
             "containers": [{"image": "%s"}]}}}}
        """
                        .formatted(name, containerConcurrency, image));
    ObjectNode notes =
        (ObjectNode) json.path("spec").path("template").path("metadata").path("annotations");
    for (int i = 0; i < annotations.length; i += 2) {
      String note =
          annotations[i].contains("/")
              ? annotations[i]
              : "autoscaling.knative.dev/" + annotations[i];
      notes.put(note, annotations[i + 1]);
    }
    return json;
  }

  void apply(String name, ObjectNode json) {
    var object = new ApiObject(json);
    if (store.get(SERVICES, "default", name).isPresent()) {
      store.replace(SERVICES, object);
    } else {
      store.create(SERVICES, object);
    }
    drain();
  }

  /** Sets one key of {@code config-autoscaler} and no other. */
  void configure(String key, String value) {
    var map =
        new ApiObject(
            (ObjectNode)
                JsonMapper.shared()
                    .readTree(
                        """
        {"apiVersion": "v1", "kind": "ConfigMap",
         "metadata": {"namespace": "knative-serving", "name": "config-autoscaler"},
         "data": {"%s": "%s"}}
        """
                            .formatted(key, value)));
    if (store.get(ResourceKind.CONFIG_MAP, map.namespace(), map.name()).isPresent()) {
      store.replace(ResourceKind.CONFIG_MAP, map);
    } else {
      store.create(ResourceKind.CONFIG_MAP, map);
    }
    mailbox.postOnce("config", loop::reconfigure);
    drain();
  }

  void delete(String name) {
    delete(SERVICES, name);
  }

  void delete(ResourceKind kind, String name) {
    store.delete(kind, "default", name);
    drain();
  }

  FakeDataPlane.Request send(String service) {
    return sendTo(service + ".default.example.test");
  }

  FakeDataPlane.Request sendTo(String host) {
    FakeDataPlane.Request request = gateway.send(host);
    drain();
    return request;
  }

  void finish(FakeDataPlane.Request request) {
    request.finish();
    drain();
  }

  List<FakeSandbox> sandboxes() {
    return host.sandboxes();
  }

  ApiObject get(ResourceKind kind, String name) {
    return store.get(kind, "default", name).orElseThrow();
  }

  /** Of a revision, as it is stored. */
  Routing routing(String revision) {
    return Routing.of(get(ResourceKind.REVISION, revision));
  }

  JsonNode status(String service) {
    return store.get(SERVICES, "default", service).orElseThrow().status();
  }

  /** {@code STATUS reason message} of a condition. */
  String condition(String service, String type) {
    return condition(SERVICES, service, type);
  }

  String condition(ResourceKind kind, String name, String type) {
    Optional<JsonNode> condition = store.get(kind, "default", name).orElseThrow().condition(type);
    return condition
        .map(
            node ->
                (node.path("status").asString("")
                        + " "
                        + node.path("reason").asString("")
                        + " "
                        + node.path("message").asString(""))
                    .strip())
        .orElse("missing");
  }

  static RevisionKey revision(String name) {
    return new RevisionKey("default", name);
  }
}
