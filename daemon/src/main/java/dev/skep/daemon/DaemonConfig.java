package dev.skep.daemon;

import dev.skep.api.AddressRange;
import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.containerd.ContainerConfig;
import dev.skep.gvisor.GvisorConfig;
import dev.skep.microvm.DeviceLimits;
import dev.skep.microvm.VmmChoice;
import dev.skep.remote.Location;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What can be set. The keys, their defaults and what they mean are in {@code defaults.yaml}; a key
 * that is not there does not exist. Sizes are bytes.
 */
record DaemonConfig(
    GatewaySettings gateway,
    ApiSettings api,
    InstanceSettings instances,
    ScalingSettings scaling,
    MicroVmSettings microvm,
    GvisorConfig gvisor,
    ContainerConfig containerd,
    ImageStoreSettings images,
    ServiceSettings services,
    SnapshotSettings snapshots,
    TelemetrySettings telemetry,
    ShutdownSettings shutdown,
    LogSettings log) {

  /**
   * @param tlsPort 0 for none
   */
  record GatewaySettings(String address, int port, int tlsPort, String domain, int queueDepth) {
    GatewaySettings {
      within("gateway.port", port, 0, 65535);
      within("gateway.tlsPort", tlsPort, 0, 65535);
      within("gateway.queueDepth", queueDepth, 1, 1_000_000);
    }

    GatewaySettings withPort(int other) {
      return new GatewaySettings(address, other, tlsPort, domain, queueDepth);
    }
  }

  record ApiSettings(String address, int port) {
    ApiSettings {
      within("api.port", port, 0, 65535);
    }

    ApiSettings withPort(int other) {
      return new ApiSettings(address, other);
    }
  }

  record InstanceSettings(
      String sandbox,
      int max,
      int startsAtOnce,
      Duration startTimeout,
      Duration stopGrace,
      int logsPerRevision) {
    InstanceSettings {
      if (!SkepAnnotations.KINDS.contains(sandbox)) {
        throw new IllegalArgumentException(
            "instances.sandbox: "
                + sandbox
                + " (expected: one of "
                + String.join(", ", SkepAnnotations.KINDS)
                + ")");
      }
      within("instances.max", max, 1, 100_000);
      within("instances.startsAtOnce", startsAtOnce, 0, 10_000);
      within("instances.logsPerRevision", logsPerRevision, 0, 10_000);
    }

    /** How many starts may run at once. */
    int startLimit() {
      return startsAtOnce > 0
          ? startsAtOnce
          : Math.max(2, 2 * Runtime.getRuntime().availableProcessors());
    }
  }

  /**
   * @param jars with policies of one's own
   */
  record ScalingSettings(List<String> jars) {
    ScalingSettings {
      jars = List.copyOf(jars);
    }
  }

  record MicroVmSettings(
      VmmChoice vmm, String kernel, int readyNetworks, int idleVms, DeviceLimits limits) {
    MicroVmSettings {
      within("microvm.idleVms", idleVms, 0, 1_000);
      within("microvm.readyNetworks", readyNetworks, 0, 1_000);
    }
  }

  /** When an image may start before all of it is here. */
  enum Lazy {
    /** Where its layers are made for that. */
    AUTO,
    OFF
  }

  record ImageStoreSettings(
      List<String> plainHttpRegistries,
      int parallelLayers,
      long maxSize,
      long maxCached,
      Lazy lazy) {
    ImageStoreSettings {
      plainHttpRegistries = List.copyOf(plainHttpRegistries);
      within("images.parallelLayers", parallelLayers, 1, 64);
    }
  }

  /** Where Services have their addresses. */
  record ServiceSettings(AddressRange range) {
    /** Of sandboxes, whichever daemon has them. */
    private static final AddressRange SANDBOXES = AddressRange.parse("10.64.0.0/10");

    static ServiceSettings of(String range) {
      try {
        return new ServiceSettings(AddressRange.parse(range));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("services.range: " + e.getMessage(), e);
      }
    }

    ServiceSettings {
      if (range.overlaps(SANDBOXES)) {
        throw new IllegalArgumentException(
            "services.range: %s (expected: outside of %s, which sandboxes have)"
                .formatted(range, SANDBOXES));
      }
    }
  }

  /**
   * @param remote where snapshots are shared; empty for nowhere
   */
  record SnapshotSettings(long budget, Optional<Location> remote) {
    /** As they are written: a bad place is named by its key. */
    static SnapshotSettings of(long budget, String remote, String endpoint, String region) {
      try {
        return new SnapshotSettings(
            budget,
            remote.isEmpty()
                ? Optional.empty()
                : Optional.of(Location.of(remote, endpoint, region)));
      } catch (SkepException e) {
        throw new IllegalArgumentException("snapshots.remote: " + e.getMessage(), e);
      }
    }

    SnapshotSettings {
      if (budget < 1) {
        throw new IllegalArgumentException(
            "snapshots.budget: " + budget + " (expected: more than 0)");
      }
    }
  }

  record TelemetrySettings(int starts) {
    TelemetrySettings {
      within("telemetry.starts", starts, 1, 10_000_000);
    }
  }

  record ShutdownSettings(Duration drain) {}

  record LogSettings(String level, long maxSize, int files) {
    LogSettings {
      if (!level.matches("error|warn|info|debug")) {
        throw new IllegalArgumentException(
            "log.level: " + level + " (expected: error, warn, info or debug)");
      }
      within("log.files", files, 1, 100);
    }
  }

  /** Negative ports change nothing. */
  DaemonConfig withPorts(int gatewayPort, int apiPort) {
    return new DaemonConfig(
        gatewayPort < 0 ? gateway : gateway.withPort(gatewayPort),
        apiPort < 0 ? api : api.withPort(apiPort),
        instances,
        scaling,
        microvm,
        gvisor,
        containerd,
        images,
        services,
        snapshots,
        telemetry,
        shutdown,
        log);
  }

  private static void within(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          key + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
