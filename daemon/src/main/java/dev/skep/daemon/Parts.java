package dev.skep.daemon;

import dev.skep.api.SkepException;
import dev.skep.apiserver.ApiOptions;
import dev.skep.apiserver.SelfSigned;
import dev.skep.control.Clocks;
import dev.skep.control.ControlSettings;
import dev.skep.control.ServerCertificate;
import dev.skep.eventing.Eventing;
import dev.skep.eventing.Names;
import dev.skep.gateway.GatewayConfig;
import dev.skep.host.HostConfig;
import dev.skep.image.ImageSettings;
import dev.skep.image.Images;
import dev.skep.image.LazyMount;
import dev.skep.microvm.MicroVmConfig;
import dev.skep.policy.HostLimits;
import dev.skep.policy.ScalingPolicies;
import dev.skep.store.ResourceStore;
import dev.skep.workload.Volumes;
import dev.skep.workload.Workloads;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executor;

/**
 * From the daemon's configuration to that of each part.
 *
 * @param gatewayPort the real one: URLs name it
 */
record Parts(DaemonConfig config, Path state, int gatewayPort) {
  InetSocketAddress gatewayAddress() {
    return new InetSocketAddress(config.gateway().address(), gatewayPort);
  }

  GatewayConfig gateway() {
    return GatewayConfig.listeningOn(gatewayAddress())
        .withTls(gatewayTls())
        .withDrain(config.shutdown().drain());
  }

  /** Host names without a certificate of their own have one that a new daemon makes anew. */
  private Optional<GatewayConfig.Tls> gatewayTls() {
    int port = config.gateway().tlsPort();
    if (port == 0) {
      return Optional.empty();
    }
    String domain = config.gateway().domain();
    var listen = new InetSocketAddress(config.gateway().address(), port);
    try {
      SelfSigned.Identity made =
          SelfSigned.create(
              "skep-gateway",
              List.of(domain, "*.default." + domain),
              listen.getAddress(),
              Clock.systemUTC());
      var fallback = new ServerCertificate(List.of(made.certificate()), made.key());
      return Optional.of(new GatewayConfig.Tls(listen, fallback));
    } catch (GeneralSecurityException e) {
      throw new SkepException(
          SkepException.Code.INTERNAL, "no certificate for the gateway: " + e.getMessage(), e);
    }
  }

  ControlSettings control() {
    var instances = config.instances();
    return new ControlSettings(
        state.resolve("logs"),
        config.gateway().domain(),
        gatewayPort,
        config.gateway().tlsPort(),
        new HostLimits(instances.startLimit(), instances.max()),
        instances.startTimeout(),
        instances.stopGrace(),
        config.gateway().queueDepth(),
        instances.logsPerRevision());
  }

  /** Of always-on services, on the same host as functions. */
  Workloads.Parts workloads(
      ResourceStore store, Images images, HostRuntimes host, Volumes volumes, Executor executor) {
    return new Workloads.Parts(
        state,
        Clocks.SYSTEM,
        store,
        images,
        host.runtimes(),
        volumes,
        host.network(),
        config.instances().startLimit(),
        new Random(),
        executor);
  }

  /** Events reach functions through the gateway, and never the host itself. */
  Eventing.Parts eventing(ResourceStore store, Names names, Executor executor) {
    InetSocketAddress gateway = gatewayAddress();
    return new Eventing.Parts(
        state,
        Clocks.SYSTEM,
        store,
        names,
        gateway.getAddress().isAnyLocalAddress()
            ? new InetSocketAddress(InetAddress.getLoopbackAddress(), gatewayPort)
            : gateway,
        address -> !isOfHost(address) && !address.isMulticastAddress(),
        executor);
  }

  private static boolean isOfHost(InetAddress address) {
    try {
      return address.isLoopbackAddress()
          || address.isAnyLocalAddress()
          || address.isLinkLocalAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException unknown) {
      return true;
    }
  }

  /** What revisions may be scaled by. */
  ScalingPolicies policies() {
    return PolicyJars.withThoseOf(config.scaling().jars());
  }

  /**
   * @param gateway empty where nothing listens, as is {@code dns}, the name server of sandboxes
   */
  HostConfig host(Optional<InetSocketAddress> gateway, Optional<InetSocketAddress> dns) {
    return new HostConfig(
        state,
        gateway,
        dns,
        config.services().range().toString(),
        config.microvm().readyNetworks());
  }

  MicroVmConfig microVm() {
    String kernel = config.microvm().kernel();
    return new MicroVmConfig(
        state,
        cache(),
        config.microvm().vmm(),
        Optional.of(kernel).filter(path -> !path.isEmpty()).map(Path::of),
        config.microvm().idleVms(),
        config.microvm().limits(),
        program("pager", PagerProgram.class));
  }

  /** Serves lazy images, if there are to be any. */
  Optional<LazyMount> lazyImages() {
    return config.images().lazy() == DaemonConfig.Lazy.OFF
        ? Optional.empty()
        : Optional.of(
            new LazyMount(
                program("lazy", LazyProgram.class), state.resolve("log").resolve("lazy.log")));
  }

  /** As what was built says (packaging/build); else with the classes of this process. */
  private static List<String> program(String name, Class<?> main) {
    String options = System.getProperty("skep." + name + ".options", "");
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (options.isEmpty()) {
      command.addAll(
          List.of(
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow",
              "-cp",
              System.getProperty("java.class.path")));
    } else {
      command.add("@" + options);
    }
    command.add(main.getName());
    return command;
  }

  ImageSettings images() {
    var settings = config.images();
    var defaults = ImageSettings.defaults();
    return new ImageSettings(
        settings.plainHttpRegistries(),
        defaults.dockerConfig(),
        settings.parallelLayers(),
        defaults.idleTimeout(),
        defaults.retries(),
        settings.maxSize(),
        settings.maxCached());
  }

  ApiOptions api(String version) throws UnknownHostException {
    return new ApiOptions(
        state, InetAddress.getByName(config.api().address()), config.api().port(), version);
  }

  /** Kernels and what else can be made again, shared by all daemons of a user. */
  static Path cache() {
    String cache = System.getenv("SKEP_CACHE");
    return cache != null && !cache.isEmpty()
        ? Path.of(cache)
        : Path.of(System.getProperty("user.home", "/root"), ".cache", "skep");
  }
}
