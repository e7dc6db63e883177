package dev.skep.daemon;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.apiserver.ApiParts;
import dev.skep.apiserver.ApiServer;
import dev.skep.control.Clocks;
import dev.skep.control.ControlPlane;
import dev.skep.gateway.Gateway;
import dev.skep.image.LocalImages;
import dev.skep.microvm.MicroVmRuntime;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.store.SqliteStore;
import dev.skep.telemetry.ColdStarts;
import dev.skep.telemetry.Metrics;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The running daemon: makes its parts, starts them in order and closes them in reverse. Sandboxes
 * outlive it, the next daemon of the state folder adopts them.
 */
final class Daemon implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Daemon.class.getName());

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
    } catch (IOException e) {
      daemon.life.close();
      throw new SkepException(Code.INTERNAL, "daemon in " + options.state() + ": " + e, e);
    } catch (RuntimeException e) {
      daemon.life.close();
      throw e;
    }
  }

  private void open() throws IOException {
    Path state = options.state();
    requireRoot();
    DaemonConfig config =
        ConfigReader.read(options.configFile()).withPorts(options.gatewayPort(), options.apiPort());
    // The store holds the folder's lock: nothing before it may write there.
    var store = life.started("store", SqliteStore.open(state, Clock.systemUTC()));
    Logs.toFiles(Files.createDirectories(state.resolve("log")), config.log());
    LOG.log(Level.INFO, "skepd {0} starts, state in {1}", version, state);
    var settings = new Parts(config, state);
    var metrics = new Metrics(version);
    var coldStarts = new ColdStarts(config.telemetry().starts(), metrics);
    var images =
        life.started(
            "images",
            LocalImages.open(state.resolve("images"), settings.images(), Clock.systemUTC()));
    int gatewayPort = config.gateway().port() == 0 ? freePort() : config.gateway().port();
    var runtime = life.started("sandboxes", runtime(settings, gatewayPort));
    var executor = life.started("executor", Executors.newVirtualThreadPerTaskExecutor());
    var control =
        life.started(
            "control",
            new ControlPlane(
                new ControlPlane.Parts(
                    settings.control(gatewayPort),
                    Clocks.SYSTEM,
                    store,
                    images,
                    runtime,
                    coldStarts,
                    metrics,
                    new Random(),
                    executor)));
    var gateway =
        life.started("gateway", new Gateway(settings.gateway(gatewayPort), control.listener()));
    metrics.registry().register(new GatewayFigures(gateway.metrics()));
    control.start(gateway);
    gateway.start();
    var status =
        new DaemonStatus.Source(
            version, state, config, gatewayPort, store, control.instances(), images, runtime);
    var api =
        life.started(
            "api",
            ApiServer.start(
                settings.api(version),
                new ApiParts(
                    store,
                    control.instances(),
                    images,
                    coldStarts::list,
                    metrics::write,
                    status,
                    serving::get)));
    status.apiPort(api.port());
    Thread.ofVirtual().name("capabilities").start(status::probe);
    serving.set(true);
    LOG.log(
        Level.INFO,
        "serving: gateway {0}:{1,number,#}, API {2}:{3,number,#}",
        config.gateway().address(),
        gatewayPort,
        config.api().address(),
        api.port());
  }

  private SandboxRuntime runtime(Parts settings, int gatewayPort) {
    if (!options.sandboxes()) {
      return new NoSandboxes();
    }
    var gateway = new InetSocketAddress(settings.config().gateway().address(), gatewayPort);
    return MicroVmRuntime.open(settings.microVm(Optional.of(gateway)));
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
