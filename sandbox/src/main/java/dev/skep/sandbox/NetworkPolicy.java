package dev.skep.sandbox;

import java.util.List;

/**
 * What a sandbox may reach besides the gateway and DNS on its host.
 *
 * @param internet whether addresses outside the host can be reached at all
 * @param allow CIDRs that are opened although the default closes them (the host's own networks,
 *     other sandboxes)
 * @param deny CIDRs that are closed although {@code internet} opens them
 */
public record NetworkPolicy(boolean internet, List<String> allow, List<String> deny) {
  /**
   * Outside addresses yes; the host's services, its private networks, metadata addresses and other
   * sandboxes no.
   */
  public static final NetworkPolicy DEFAULT = new NetworkPolicy(true, List.of(), List.of());

  public NetworkPolicy {
    allow = List.copyOf(allow);
    deny = List.copyOf(deny);
  }
}
