package dev.skep.daemon;

import java.time.Duration;

/**
 * What can be set. The keys, their defaults and what they mean are in {@code defaults.yaml}; a key
 * that is not there does not exist.
 */
record DaemonConfig(GatewayConfig gateway, ApiConfig api, ShutdownConfig shutdown, LogConfig log) {

  /** Where functions are called. */
  record GatewayConfig(String address, int port, String domain) {
    GatewayConfig {
      checkPort("gateway.port", port);
    }

    GatewayConfig withPort(int other) {
      return new GatewayConfig(address, other, domain);
    }
  }

  /** Where the Kubernetes-style API listens, besides its unix socket. */
  record ApiConfig(String address, int port) {
    ApiConfig {
      checkPort("api.port", port);
    }

    ApiConfig withPort(int other) {
      return new ApiConfig(address, other);
    }
  }

  /**
   * @param drain how long requests may finish
   */
  record ShutdownConfig(Duration drain) {}

  /**
   * @param maxSize bytes of one file
   * @param files kept, the current one included
   */
  record LogConfig(String level, long maxSize, int files) {
    LogConfig {
      if (!level.matches("error|warn|info|debug")) {
        throw new IllegalArgumentException(
            "log.level: " + level + " (expected: error, warn, info or debug)");
      }
      if (files < 1 || files > 100) {
        throw new IllegalArgumentException("log.files: " + files + " (expected: 1 to 100)");
      }
    }
  }

  DaemonConfig withPorts(int gatewayPort, int apiPort) {
    return new DaemonConfig(
        gatewayPort < 0 ? gateway : gateway.withPort(gatewayPort),
        apiPort < 0 ? api : api.withPort(apiPort),
        shutdown,
        log);
  }

  private static void checkPort(String key, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(key + ": " + port + " (expected: 0 to 65535)");
    }
  }
}
