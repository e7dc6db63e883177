package dev.skep.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What may be said to a daemon that starts. */
final class DaemonOptions {
  @Option(
      names = "--gateway-port",
      description = "Port of the gateway (default: the configuration's, or 8080).")
  @Nullable Integer gatewayPort;

  @Option(
      names = "--api-port",
      description = "Port of the Kubernetes API (default: the configuration's, or 6443).")
  @Nullable Integer apiPort;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration (default: skep.yaml in the state folder).")
  @Nullable Path config;

  /** The arguments with which the launcher starts that daemon. */
  List<String> arguments(Path state) {
    var args = new ArrayList<>(List.of("daemon", "--state", state.toString()));
    add(args, "--gateway-port", gatewayPort);
    add(args, "--api-port", apiPort);
    add(args, "--config", config == null ? null : config.toAbsolutePath());
    return args;
  }

  private static void add(List<String> args, String name, @Nullable Object value) {
    if (value != null) {
      args.add(name);
      args.add(value.toString());
    }
  }
}
