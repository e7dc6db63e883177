package dev.skep.gateway;

import dev.skep.control.ServerCertificate;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * How the gateway listens and what it allows.
 *
 * @param listen address; port 0 takes a free one
 * @param tls where it takes TLS as well; empty for nowhere
 * @param eventLoops threads that move bytes
 * @param maxHeaderBytes of one message's header section; more is answered with 431
 * @param connectTimeout of a connection to an instance
 * @param upstreamIdle after which an unused connection to an instance is closed; below the 5 s
 *     after which common servers close it themselves
 * @param clientIdle after which a client's connection without a request is closed, also one that
 *     never sends a whole request head
 * @param drain longest wait of {@link Gateway#close} for requests in progress
 */
public record GatewayConfig(
    InetSocketAddress listen,
    Optional<Tls> tls,
    int eventLoops,
    int maxHeaderBytes,
    Duration connectTimeout,
    Duration upstreamIdle,
    Duration clientIdle,
    Duration drain) {

  /**
   * A second place to listen, for TLS alone.
   *
   * @param fallback for host names without a certificate of their own
   */
  public record Tls(InetSocketAddress listen, ServerCertificate fallback) {}

  /**
   * Two event loops, 64 KiB of headers, 2 s to connect, 4 s idle (clients 120 s), 10 s to drain; no
   * TLS.
   */
  public static GatewayConfig listeningOn(InetSocketAddress listen) {
    return new GatewayConfig(
        listen,
        Optional.empty(),
        2,
        64 * 1024,
        Duration.ofSeconds(2),
        Duration.ofSeconds(4),
        Duration.ofSeconds(120),
        Duration.ofSeconds(10));
  }

  /** The same with another bound for draining. */
  public GatewayConfig withDrain(Duration bound) {
    return new GatewayConfig(
        listen, tls, eventLoops, maxHeaderBytes, connectTimeout, upstreamIdle, clientIdle, bound);
  }

  /** The same with TLS. */
  public GatewayConfig withTls(Optional<Tls> place) {
    return new GatewayConfig(
        listen, place, eventLoops, maxHeaderBytes, connectTimeout, upstreamIdle, clientIdle, drain);
  }
}
