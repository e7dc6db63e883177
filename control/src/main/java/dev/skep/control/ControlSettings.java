package dev.skep.control;

import dev.skep.policy.HostLimits;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How the control plane works on this host.
 *
 * @param logs folder under which each instance's log file is
 * @param domain of the functions' host names: {@code 127.0.0.1.sslip.io}
 * @param gatewayPort written into URLs where it is not 80
 * @param tlsPort likewise where it is not 443; 0 where the gateway takes no TLS
 * @param limits of starts and instances on this host
 * @param progressDeadline from a start to its failure if it is never ready: see {@link
 *     ProgressDeadline}
 * @param stopGrace between SIGTERM and SIGKILL
 * @param queueDepth requests that may wait for instances of one revision
 * @param logsPerRevision files kept of instances that are gone
 */
public record ControlSettings(
    Path logs,
    String domain,
    int gatewayPort,
    int tlsPort,
    HostLimits limits,
    Duration progressDeadline,
    Duration stopGrace,
    int queueDepth,
    int logsPerRevision) {
  /** For a state folder, with the defaults that are documented for the daemon. */
  public static ControlSettings of(Path stateFolder, String domain, int gatewayPort) {
    int starts = Math.max(2, 2 * Runtime.getRuntime().availableProcessors());
    return new ControlSettings(
        stateFolder.resolve("logs"),
        domain,
        gatewayPort,
        0,
        new HostLimits(starts, 500),
        Duration.ofMinutes(2),
        Duration.ofSeconds(10),
        10_000,
        20);
  }
}
