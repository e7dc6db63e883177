package dev.skep.host;

import java.nio.file.Path;

/**
 * The network of one sandbox. Inside the namespace all is the same for all sandboxes; the host sees
 * one link and one address.
 *
 * @param link the host's end of the pair
 * @param hostAddress of the host's end: gateway and DNS for the guest
 * @param address where the host reaches the guest
 */
public record Network(
    int slot, Kind kind, String namespace, String link, String hostAddress, String address) {
  /** What is in the namespace. */
  public enum Kind {
    /** A tap behind address translation: all guests have the same two addresses. */
    MACHINE,
    /** The link alone: processes have {@link Network#address} themselves. */
    PROCESS
  }

  public static final String TAP = "tap0";
  public static final String GUEST_ADDRESS = "172.16.0.2";

  /** The guest's gateway, and for it the host itself. */
  public static final String GATEWAY_ADDRESS = "172.16.0.1";

  public static final String GUEST_MAC = "02:53:6b:00:00:02";

  /** The same everywhere: a restored guest remembers its gateway's. */
  public static final String GATEWAY_MAC = "02:53:6b:00:00:01";

  /** Of the agent in a machine, closed to all but the host. */
  public static final int AGENT_PORT = 1024;

  /** Above all users that distributions and container runtimes hand out. */
  private static final long FIRST_USER = 1_879_100_000L;

  /** Under which the VMM runs: nobody else may use the tap. */
  public long user() {
    return FIRST_USER + slot;
  }

  public Path namespaceFile() {
    return Path.of("/run/netns", namespace);
  }

  /** Where whoever is inside finds the host: its gateway's port and its resolver. */
  public String gatewayAddress() {
    return kind == Kind.MACHINE ? GATEWAY_ADDRESS : hostAddress;
  }

  /** Locally administered, different in each namespace and at each end. */
  String mac(boolean hostEnd) {
    return String.format("02:53:6b:%02x:%02x:%02x", hostEnd ? 1 : 2, slot >> 8, slot & 0xff);
  }
}
