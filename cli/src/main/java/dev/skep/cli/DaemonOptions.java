package dev.skep.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.OptionSpec;

/** What may be said to a daemon that starts. */
final class DaemonOptions {
  private final OptionSpec gatewayPort =
      OptionSpec.builder("--gateway-port")
          .type(Integer.class)
          .paramLabel("<gatewayPort>")
          .description("Port of the gateway (default: the configuration's, or 8080).")
          .build();

  private final OptionSpec apiPort =
      OptionSpec.builder("--api-port")
          .type(Integer.class)
          .paramLabel("<apiPort>")
          .description("Port of the Kubernetes API (default: the configuration's, or 6443).")
          .build();

  private final OptionSpec config =
      OptionSpec.builder("--config")
          .type(Path.class)
          .paramLabel("FILE")
          .description("Configuration (default: skep.yaml in the state folder).")
          .build();

  List<OptionSpec> specs() {
    return List.of(gatewayPort, apiPort, config);
  }

  /** The arguments with which the launcher starts that daemon. */
  List<String> arguments(Path state) {
    var args = new ArrayList<>(List.of("daemon", "--state", state.toString()));
    add(args, gatewayPort);
    add(args, apiPort);
    Path file = config.getValue();
    if (file != null) {
      args.add("--config");
      args.add(file.toAbsolutePath().toString());
    }
    return args;
  }

  private static void add(List<String> args, OptionSpec port) {
    Integer value = port.getValue();
    if (value != null) {
      args.add(port.longestName());
      args.add(value.toString());
    }
  }
}
