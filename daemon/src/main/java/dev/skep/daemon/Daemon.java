package dev.skep.daemon;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.apiserver.ApiParts;
import dev.skep.apiserver.ApiServer;
import dev.skep.control.Clocks;
import dev.skep.control.ControlPlane;
import dev.skep.control.ServiceAccountTokens;
import dev.skep.dns.DnsServer;
import dev.skep.eventing.Eventing;
import dev.skep.gateway.Gateway;
import dev.skep.host.HostNetwork;
import dev.skep.host.Network;
import dev.skep.image.LocalImages;
import dev.skep.remote.S3Snapshots;
import dev.skep.remote.SnapshotArchive;
import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.pager.Calibrator;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.store.SqliteStore;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.Metrics;
import dev.skep.workload.Volumes;
import dev.skep.workload.Workloads;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The running daemon: makes its parts, starts them in order and closes them in reverse. Sandboxes
 * outlive it, the next daemon of the state folder adopts them.
 */
final class Daemon implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Daemon.class.getName());

  private static final Duration REST_BEFORE_COLLECTION = Duration.ofSeconds(15);

  /** Old objects that are not looked after: a daemon with some hundred Services has fewer. */
  private static final long SMALL_HEAP_BYTES = 40L << 20;

  private final LifeCycle life = new LifeCycle();
  private final AtomicBoolean serving = new AtomicBoolean();
  private final DaemonOptions options;
  private final String version = System.getProperty("skep.version", "unknown");

  private Daemon(DaemonOptions options) {
    this.options = options;
  }

  /** Serves when it returns; on failure nothing stays open. */
  static Daemon start(DaemonOptions options) {
    var daemon = new Daemon(options);
    try {
      daemon.open();
      return daemon;
    } catch (InterruptedException e) {
      daemon.life.close();
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while starting", e);
    } catch (IOException e) {
      daemon.life.close();
      throw new SkepException(Code.INTERNAL, "daemon in " + options.state() + ": " + e, e);
    } catch (RuntimeException e) {
      daemon.life.close();
      throw e;
    }
  }

  private void open() throws IOException, InterruptedException {
    requireRoot();
    DaemonConfig config =
        ConfigReader.read(options.configFile()).withPorts(options.gatewayPort(), options.apiPort());
    Path state = options.state();
    // The store holds the folder's lock: nothing before it may write there.
    var store = life.started("store", SqliteStore.open(state, Clock.systemUTC()));
    var events = life.started("event log", new EventLog(Clock.systemUTC()));
    Logs.toFiles(Files.createDirectories(state.resolve("log")), config.log());
    LOG.log(Level.INFO, "skepd {0} starts, state in {1}", version, state);
    int gatewayPort = config.gateway().port() == 0 ? freePort() : config.gateway().port();
    var settings = new Parts(config, state, gatewayPort);
    var snapshots =
        SnapshotStore.open(snapshotsOf(state), config.snapshots().budget(), Clock.systemUTC());
    Optional<S3Snapshots> bucket =
        config
            .snapshots()
            .remote()
            .map(place -> life.started("remote snapshots", S3Snapshots.open(place, snapshots)));
    RemoteSnapshots remote = bucket.isPresent() ? bucket.get() : RemoteSnapshots.NONE;
    var images =
        life.started(
            "images",
            LocalImages.open(
                state.resolve("images"),
                settings.images(),
                settings.lazyImages(),
                bucket.map(S3Snapshots::accessLists),
                Clock.systemUTC()));
    var dns = life.started("dns", dns());
    HostRuntimes host = runtimes(settings, dns.address());
    SandboxRuntimes runtimes = host.runtimes();
    var metrics = new Metrics(version);
    var coldStarts = new ColdStarts(config.telemetry().starts(), metrics);
    var executor = life.started("executor", Executors.newVirtualThreadPerTaskExecutor());
    var tokens = ServiceAccountTokens.open(state, Clock.systemUTC());
    var volumes = Volumes.in(state, store, tokens);
    List<Sandbox> pods = new ArrayList<>();
    var control =
        life.started(
            "control",
            new ControlPlane(
                new ControlPlane.Parts(
                    settings.control(),
                    Clocks.SYSTEM,
                    store,
                    events,
                    images,
                    runtimes,
                    snapshots,
                    remote,
                    new Calibrator(snapshotsOf(settings.state())),
                    coldStarts,
                    metrics,
                    settings.policies(),
                    new Random(),
                    volumes,
                    pods::add,
                    executor)));
    var workloads =
        life.started(
            "workloads", new Workloads(settings.workloads(store, images, host, volumes, executor)));
    var status =
        new DaemonStatus.Source(version, settings, store, control.instances(), images, runtimes);
    var served =
        new ApiParts(
            store,
            events,
            control.instances(),
            images,
            snapshots,
            new SnapshotArchive(snapshots, () -> details(runtimes)),
            workloads.logs(),
            workloads.running(),
            config.services().range(),
            tokens::keys,
            coldStarts::list,
            metrics::write,
            status,
            serving::get);
    // Beside each other: one waits for the host's tools, the other sets TLS up.
    Starts.together(
        () -> status.apiPort(api(settings, served).port()),
        () -> {
          Gateway gateway = dataPlane(settings, control, metrics, store);
          workloads.start(pods);
          dns.publish(gateway::hosts, workloads::names, workloads::ports);
          events(settings, store, gateway, workloads, executor);
        });
    Thread.ofVirtual().name("capabilities").start(status::probe);
    serving.set(true);
    LOG.log(Level.INFO, "serving: gateway port {0,number,#}, {1}", gatewayPort, status.get().api());
  }

  private static Path snapshotsOf(Path state) {
    return state.resolve("snapshots");
  }

  /** Routes and adopted instances are known before the first request comes in. */
  private Gateway dataPlane(
      Parts settings, ControlPlane control, Metrics metrics, SqliteStore store) {
    var gateway = life.started("gateway", new Gateway(settings.gateway(), control.listener()));
    metrics.registry().register(new GatewayFigures(gateway.metrics()));
    control.start(gateway);
    gateway.start();
    life.started(
        "idle-heap",
        new IdleHeap(() -> requests(gateway) + writes(store), REST_BEFORE_COLLECTION).start());
    life.started("busy-heap", new BusyHeap(SMALL_HEAP_BYTES).start());
    return gateway;
  }

  /** After the gateway, through which events come and go. */
  private void events(
      Parts settings, SqliteStore store, Gateway gateway, Workloads workloads, Executor executor) {
    var route = new EventRoute(gateway);
    var eventing =
        life.started(
            "eventing",
            Eventing.open(
                settings.eventing(store, EventRoute.names(gateway, workloads), executor), route));
    route.leadTo(eventing.address());
    eventing.start();
  }

  private static long requests(Gateway gateway) {
    return gateway.metrics().snapshot().responses().stream().mapToLong(Long::longValue).sum();
  }

  private static long writes(SqliteStore store) {
    return store.list(ResourceKind.KNATIVE_SERVICE, Optional.empty()).version();
  }

  private ApiServer api(Parts settings, ApiParts served) throws IOException {
    return life.started("api", ApiServer.start(settings.api(version), served));
  }

  /** What a snapshot may have been taken by, to be of use here. */
  private static List<String> details(SandboxRuntimes runtimes) {
    return runtimes.all().stream()
        .map(SandboxRuntime::capabilities)
        .filter(has -> has.features().contains("snapshot"))
        .map(Capabilities::detail)
        .toList();
  }

  /** Questions from the host itself come from a loopback address, those of sandboxes never do. */
  private static DnsServer dns() throws IOException {
    return DnsServer.open(
        (Inet4Address) InetAddress.getByName(Network.GATEWAY_ADDRESS),
        sender -> !sender.isLoopbackAddress(),
        HostNetwork::resolvers);
  }

  private HostRuntimes runtimes(Parts settings, InetSocketAddress dns) {
    if (!options.sandboxes()) {
      return HostRuntimes.none();
    }
    return HostRuntimes.open(
        settings, settings.host(Optional.of(settings.gatewayAddress()), Optional.of(dns)), life);
  }

  private void requireRoot() throws IOException {
    int user = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (options.sandboxes() && user != 0) {
      throw new SkepException(
          Code.FORBIDDEN,
          "the daemon runs as user "
              + user
              + " (expected: root, for network namespaces and /dev/kvm; try sudo)");
    }
  }

  /** URLs name the port, so it must be known before the gateway listens. */
  private static int freePort() throws IOException {
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  @Override
  public void close() {
    serving.set(false);
    LOG.log(Level.INFO, "stopping");
    life.close();
    LOG.log(Level.INFO, "stopped");
  }
}
