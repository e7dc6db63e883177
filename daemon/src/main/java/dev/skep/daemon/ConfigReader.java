package dev.skep.daemon;

import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.containerd.ContainerConfig;
import dev.skep.gvisor.GvisorConfig;
import dev.skep.microvm.DeviceLimits;
import dev.skep.microvm.VmmChoice;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Lays the user's file over the documented defaults. A key that the defaults lack, a value of
 * another kind, a number out of range: each is INVALID and names file, key and what was expected.
 */
final class ConfigReader {
  private static final YAMLMapper YAML = new YAMLMapper();

  private ConfigReader() {}

  static DaemonConfig read(Optional<Path> file) {
    ObjectNode settings = defaults();
    String source = file.map(Path::toString).orElse("defaults");
    file.ifPresent(path -> lay(path, parse(path), settings, ""));
    try {
      return config(settings);
    } catch (IllegalArgumentException e) {
      throw new SkepException(Code.INVALID, source + ": " + e.getMessage(), e);
    }
  }

  /** By hand: to bind records, Jackson generates code that takes a tenth of the daemon's start. */
  private static DaemonConfig config(ObjectNode settings) {
    var gateway = new ConfigSection("gateway", settings);
    var api = new ConfigSection("api", settings);
    var instances = new ConfigSection("instances", settings);
    var scaling = new ConfigSection("scaling", settings);
    var gvisor = new ConfigSection("gvisor", settings);
    var containerd = new ConfigSection("containerd", settings);
    var microvm = new ConfigSection("microvm", settings);
    var images = new ConfigSection("images", settings);
    var services = new ConfigSection("services", settings);
    var snapshots = new ConfigSection("snapshots", settings);
    var telemetry = new ConfigSection("telemetry", settings);
    var shutdown = new ConfigSection("shutdown", settings);
    var log = new ConfigSection("log", settings);
    return new DaemonConfig(
        new DaemonConfig.GatewaySettings(
            gateway.text("address"),
            gateway.number("port"),
            gateway.number("tlsPort"),
            gateway.text("domain"),
            gateway.number("queueDepth")),
        new DaemonConfig.ApiSettings(api.text("address"), api.number("port")),
        new DaemonConfig.InstanceSettings(
            instances.text("sandbox"),
            instances.number("max"),
            instances.number("startsAtOnce"),
            instances.duration("startTimeout"),
            instances.duration("stopGrace"),
            instances.number("logsPerRevision")),
        new DaemonConfig.ScalingSettings(scaling.texts("jars")),
        new DaemonConfig.MicroVmSettings(
            microvm.choice("vmm", VmmChoice.class),
            microvm.text("kernel"),
            microvm.number("readyNetworks"),
            microvm.number("idleVms"),
            new DeviceLimits(
                microvm.size("diskBandwidth"),
                microvm.size("diskOperations"),
                microvm.size("netBandwidth"))),
        new GvisorConfig(path(gvisor.text("runsc")), some(gvisor.text("platform"))),
        new ContainerConfig(path(containerd.text("socket")), Optional.empty()),
        new DaemonConfig.ImageStoreSettings(
            images.texts("plainHttpRegistries"),
            images.number("parallelLayers"),
            images.size("maxSize"),
            images.size("maxCached"),
            images.choice("lazy", DaemonConfig.Lazy.class)),
        DaemonConfig.ServiceSettings.of(services.text("range")),
        DaemonConfig.SnapshotSettings.of(
            snapshots.size("budget"),
            snapshots.text("remote"),
            snapshots.text("endpoint"),
            snapshots.text("region")),
        new DaemonConfig.TelemetrySettings(telemetry.number("starts")),
        new DaemonConfig.ShutdownSettings(shutdown.duration("drain")),
        new DaemonConfig.LogSettings(log.text("level"), log.size("maxSize"), log.number("files")));
  }

  private static Optional<String> some(String text) {
    return Optional.of(text).filter(given -> !given.isEmpty());
  }

  private static Optional<Path> path(String text) {
    return some(text).map(Path::of);
  }

  private static ObjectNode defaults() {
    try (InputStream in = ConfigReader.class.getResourceAsStream("defaults.yaml")) {
      return (ObjectNode) YAML.readTree(Objects.requireNonNull(in));
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, "defaults.yaml: " + e.getMessage(), e);
    }
  }

  private static JsonNode parse(Path file) {
    try {
      return YAML.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new SkepException(
          Code.INVALID, file + ": cannot be read: " + e.getMessage() + " (expected: YAML)", e);
    } catch (JacksonException e) {
      throw new SkepException(Code.INVALID, file + ": not YAML: " + e.getOriginalMessage(), e);
    }
  }

  private static void lay(Path file, JsonNode over, ObjectNode under, String prefix) {
    if (over.isNull() || over.isMissingNode()) {
      return;
    }
    if (!over.isObject()) {
      throw invalid(file, prefix, "expected keys and values");
    }
    for (Map.Entry<String, JsonNode> entry : over.properties()) {
      String key = prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey();
      JsonNode known = under.get(entry.getKey());
      if (known == null) {
        throw invalid(
            file, key, "no such setting" + Nearest.hint(entry.getKey(), under.propertyNames()));
      }
      if (known instanceof ObjectNode section) {
        lay(file, entry.getValue(), section, key);
      } else if (entry.getValue().isArray() != known.isArray()
          || entry.getValue().isObject()
          || entry.getValue().isNull()) {
        throw invalid(
            file,
            key,
            known.isArray()
                ? "expected a list (like [a, b])"
                : "expected one value (like " + known.asString() + ")");
      } else {
        under.set(entry.getKey(), entry.getValue());
      }
    }
  }

  private static SkepException invalid(Path file, String key, String problem) {
    return new SkepException(
        Code.INVALID, file + ": " + (key.isEmpty() ? "" : key + ": ") + problem);
  }
}
