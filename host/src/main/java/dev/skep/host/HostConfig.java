package dev.skep.host;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where sandboxes of one daemon live and what they meet.
 *
 * @param state folder of this daemon; no other daemon uses it
 * @param gateway where the host's gateway listens; sandboxes reach it at their own gateway's
 *     address, same port and 80
 * @param dns where the name server of sandboxes listens (IPv4): port 53 there; empty leaves them
 *     without DNS
 * @param services CIDR of the virtual addresses of services
 * @param readyNetworks how many unused network namespaces of each kind in use are kept ready
 */
public record HostConfig(
    Path state,
    Optional<InetSocketAddress> gateway,
    Optional<InetSocketAddress> dns,
    String services,
    int readyNetworks) {
  /** What services have where nobody says otherwise: outside of all sandboxes' own addresses. */
  public static final String SERVICES = "10.200.0.0/16";

  /** With the virtual addresses of {@link #SERVICES}. */
  public HostConfig(
      Path state,
      Optional<InetSocketAddress> gateway,
      Optional<InetSocketAddress> dns,
      int readyNetworks) {
    this(state, gateway, dns, SERVICES, readyNetworks);
  }

  Path sandboxes() {
    return state.resolve("sandboxes");
  }
}
