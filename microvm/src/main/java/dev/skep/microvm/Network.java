package dev.skep.microvm;

import java.nio.file.Path;

/**
 * The network of one sandbox. Inside the namespace all is the same for all sandboxes; the host sees
 * one link and one address.
 *
 * @param link the host's end of the pair
 * @param hostAddress of the host's end: gateway and DNS for the guest
 * @param address where the host reaches the guest
 */
record Network(int slot, String namespace, String link, String hostAddress, String address) {
  static final String TAP = "tap0";
  static final String GUEST_ADDRESS = "172.16.0.2";

  /** The guest's gateway, and for it the host itself. */
  static final String GATEWAY_ADDRESS = "172.16.0.1";

  static final String GUEST_MAC = "02:53:6b:00:00:02";

  /** The same everywhere: a restored guest remembers its gateway's. */
  static final String GATEWAY_MAC = "02:53:6b:00:00:01";

  /** Above all users that distributions and container runtimes hand out. */
  private static final long FIRST_USER = 1_879_100_000L;

  /** Under which the VMM runs: nobody else may use the tap. */
  long user() {
    return FIRST_USER + slot;
  }

  Path namespaceFile() {
    return Path.of("/run/netns", namespace);
  }

  /** Locally administered, different in each namespace and at each end. */
  String mac(boolean hostEnd) {
    return String.format("02:53:6b:%02x:%02x:%02x", hostEnd ? 1 : 2, slot >> 8, slot & 0xff);
  }
}
