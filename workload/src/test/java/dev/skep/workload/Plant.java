package dev.skep.workload;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.ClusterService;
import dev.skep.api.DeploymentSpec;
import dev.skep.api.Probe;
import dev.skep.control.Clocks;
import dev.skep.control.Mailbox;
import dev.skep.control.ServiceAccountTokens;
import dev.skep.host.ServiceTable;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import dev.skep.store.SqliteStore;
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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A whole host on a virtual clock and one thread: the real workload loop and a real store between
 * fake images, fake sandboxes and a network that remembers what was published.
 */
final class Plant implements AutoCloseable {
  private record Task(long atNanos, long sequence, Runnable work) {}

  static final String IMAGE = "registry.example/redis:7";
  private static final Duration WORK = Duration.ofMillis(100);

  final ManualClock clock = new ManualClock();
  final ResourceStore store;
  final FakeImages images = new FakeImages().publish(IMAGE, FakeImages.SERVES);
  final FakeHost host = new FakeHost();
  final FakeSandboxRuntime runtime =
      new FakeSandboxRuntime(host, clock, Sleeper.NONE).behaving(FakeBehaviour.SILENT);
  final FakeDisks disks = new FakeDisks();
  final List<ServiceTable> published = new ArrayList<>();
  final List<Runnable> afterEachEvent = new ArrayList<>();

  /** Whether a probe of a sandbox passes. */
  BiPredicate<Sandbox, Probe> probes = (_, _) -> true;

  WorkloadLoop loop;
  private final Path folder;
  private final Random random = new Random(1);
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(
          Comparator.comparingLong(Task::atNanos).thenComparingLong(Task::sequence));
  private long sequence;
  private Mailbox mailbox = new Mailbox(clock::nanoTime);

  Plant(Path folder) {
    this.folder = folder;
    this.store = SqliteStore.open(folder, clock);
    boot();
  }

  /** The daemon dies without a word and a new one starts on the same host. */
  void restartDaemon() {
    restartDaemonAfter(() -> {});
  }

  /** The same, and something happens while there is none. */
  void restartDaemonAfter(Runnable meanwhile) {
    tasks.clear();
    mailbox = new Mailbox(clock::nanoTime);
    meanwhile.run();
    boot();
  }

  private void boot() {
    mailbox = new Mailbox(clock::nanoTime);
    var parts =
        new Workloads.Parts(
            folder,
            new Clocks(clock, clock::nanoTime),
            store,
            images,
            SandboxRuntimes.only(runtime),
            new Volumes(
                store, folder.resolve("volumes"), ServiceAccountTokens.open(folder, clock), disks),
            published::add,
            4,
            random,
            work -> later(WORK, work));
    loop =
        new WorkloadLoop(
            parts,
            mailbox,
            new PodLogs(folder.resolve("pods")),
            (sandbox, probe) ->
                probes.test(sandbox, probe) ? Optional.empty() : Optional.of("refused"));
    loop.begin(List.copyOf(runtime.adopt()));
    drain();
  }

  private void later(Duration delay, Runnable work) {
    tasks.add(new Task(clock.nanoTime() + delay.toNanos(), sequence++, work));
  }

  private void drain() {
    while (loop.runNext()) {
      afterEachEvent.forEach(Runnable::run);
    }
  }

  /** Lets this much time pass, doing all that is due on its way. */
  void seconds(double seconds) {
    long end = clock.nanoTime() + (long) (seconds * 1e9);
    drain();
    while (true) {
      long timer = clock.nanoTime() + mailbox.nanosToNextTimer();
      long next = tasks.isEmpty() ? timer : Math.min(timer, tasks.peek().atNanos());
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

  /**
   * Creates or replaces a Deployment whose pods have the label {@code app} with its name.
   *
   * @param spec more fields of its spec, each with a comma at its end
   * @param container more fields of its container, each with a comma before it
   */
  void deploy(String name, int replicas, String spec, String container) {
    ObjectNode json =
        (ObjectNode)
            ApiJson.parse(
                """
                {"apiVersion": "apps/v1", "kind": "Deployment",
                 "metadata": {"namespace": "default", "name": "%1$s"},
                 "spec": {"replicas": %2$d, %3$s
                   "selector": {"matchLabels": {"app": "%1$s"}},
                   "template": {"metadata": {"labels": {"app": "%1$s"}},
                     "spec": {"containers": [
                       {"name": "main", "image": "%5$s",
                        "ports": [{"name": "main", "containerPort": 6379}] %4$s}]}}}}
                """
                    .formatted(name, replicas, spec, container, IMAGE)
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    DeploymentSpec.applyDefaults(json);
    put(ResourceKind.DEPLOYMENT, new ApiObject(json));
  }

  void deploy(String name, int replicas) {
    deploy(name, replicas, "", "");
  }

  /** A Service of the pods of a Deployment. */
  void serve(String name, String address, String spec) {
    ObjectNode json =
        (ObjectNode)
            ApiJson.parse(
                """
                {"apiVersion": "v1", "kind": "Service",
                 "metadata": {"namespace": "default", "name": "%1$s"},
                 "spec": {"selector": {"app": "%1$s"}, %2$s
                   "ports": [{"port": 80, "targetPort": "main"}]}}
                """
                    .formatted(name, spec)
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    ClusterService.applyDefaults(json);
    ClusterService.giveAddress(json, address);
    put(ResourceKind.SERVICE, new ApiObject(json));
  }

  void put(ResourceKind kind, ApiObject object) {
    if (store.get(kind, object.namespace(), object.name()).isPresent()) {
      store.replace(kind, object);
    } else {
      store.create(kind, object);
    }
    notice();
  }

  void delete(ResourceKind kind, String name) {
    store.delete(kind, "default", name);
    notice();
  }

  void notice() {
    loop.changed();
    drain();
  }

  List<FakeSandbox> sandboxes() {
    return host.sandboxes();
  }

  List<ApiObject> pods() {
    return List.copyOf(store.list(ResourceKind.POD, Optional.empty()).items());
  }

  /** Of the only pod. */
  JsonNode container() {
    return pods().getFirst().status().path("containerStatuses").path(0);
  }

  ApiObject deployment(String name) {
    return store.get(ResourceKind.DEPLOYMENT, "default", name).orElseThrow();
  }

  /** {@code STATUS reason message} of a condition. */
  String condition(String deployment, String type) {
    return deployment(deployment)
        .condition(type)
        .map(
            node ->
                node.path("status").asString()
                    + " "
                    + node.path("reason").asString()
                    + " "
                    + node.path("message").asString())
        .orElse("missing");
  }

  @Override
  public void close() {
    store.close();
  }
}
