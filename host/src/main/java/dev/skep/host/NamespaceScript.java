package dev.skep.host;

import dev.skep.linux.Command;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Makes and removes namespaces by shell scripts: one process from the daemon's view. */
final class NamespaceScript implements NetworkPool.Maker {
  @Override
  public void create(List<Network> networks) {
    run(creation(networks));
  }

  @Override
  public void delete(Collection<Network> networks) {
    if (!networks.isEmpty()) {
      run(deletion(networks));
    }
  }

  private static void run(String script) {
    Command.of("sh", "-s").withInput(script).run();
  }

  /** Makes them all; fails at the first step that does. */
  private static String creation(List<Network> networks) {
    return "set -e\nip -batch - <<'EOF'\n"
        + networks.stream().map(NamespaceScript::hostLinks).collect(Collectors.joining())
        + "EOF\n"
        + networks.stream().map(NamespaceScript::inside).collect(Collectors.joining());
  }

  /** Removes them as far as they exist. */
  private static String deletion(Collection<Network> networks) {
    // links first: with the namespace alone they would go some time later
    return "ip -force -batch - <<'EOF' 2>/dev/null\n"
        + networks.stream()
            .map(net -> "link del " + net.link() + "\nnetns del " + net.namespace() + "\n")
            .collect(Collectors.joining())
        + "EOF\nexit 0\n";
  }

  private static String hostLinks(Network net) {
    return """
        netns add %1$s
        link add %2$s address %4$s type veth peer name veth0 address %5$s netns %1$s
        addr add %3$s/30 dev %2$s
        link set %2$s up
        neigh add %6$s lladdr %5$s dev %2$s nud permanent
        """
        .formatted(
            net.namespace(),
            net.link(),
            net.hostAddress(),
            net.mac(true),
            net.mac(false),
            net.address());
  }

  /**
   * Per-link settings: packets from inside may be routed and may reach a gateway that listens on
   * the loopback address; those with a forged source are dropped. Then what is inside.
   */
  private static String inside(Network net) {
    return """
        cd /proc/sys/net/ipv4/conf/%1$s
        echo 1 > forwarding
        echo 1 > route_localnet
        echo 1 > rp_filter
        echo 1 > /proc/sys/net/ipv6/conf/%1$s/disable_ipv6 || true
        nsenter --net=%2$s sh -e <<'EOS'
        for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6 || true; done
        ip -batch - <<'EOF'
        link set lo up
        link set veth0 up
        addr add %3$s/30 dev veth0
        route add default via %4$s
        neigh add %4$s lladdr %5$s dev veth0 nud permanent
        EOF
        %6$s
        EOS
        """
        .formatted(
            net.link(),
            net.namespaceFile(),
            net.address(),
            net.hostAddress(),
            net.mac(true),
            net.kind() == Network.Kind.MACHINE ? machine(net).strip() : "");
  }

  /** The tap, and what stands between it and the link. */
  private static String machine(Network net) {
    return """
        echo 1 > /proc/sys/net/ipv4/ip_forward
        ip -batch - <<'EOF'
        tuntap add %1$s mode tap vnet_hdr user %2$d
        link set %1$s address %3$s
        addr add %4$s/30 dev %1$s
        link set %1$s up
        neigh add %5$s lladdr %6$s dev %1$s nud permanent
        EOF
        nft -f - <<'EOF'
        %7$s
        EOF
        """
        .formatted(
            Network.TAP,
            net.user(),
            Network.GATEWAY_MAC,
            Network.GATEWAY_ADDRESS,
            Network.GUEST_ADDRESS,
            Network.GUEST_MAC,
            rules(net).strip());
  }

  /**
   * Address translation both ways, so that every guest sees the same two addresses, and the two
   * things that only this namespace can tell: who may speak to the agent, and who the guest is.
   */
  private static String rules(Network net) {
    return """
        table ip skep {
          chain pre {
            type nat hook prerouting priority dstnat;
            iifname "veth0" ip daddr %1$s dnat to %3$s
            iifname "%5$s" ip daddr %4$s dnat to %2$s
          }
          chain post {
            type nat hook postrouting priority srcnat;
            oifname "%5$s" masquerade
            oifname "veth0" snat to %1$s
          }
          chain guard {
            type filter hook forward priority filter;
            ct state invalid drop
            iifname "%5$s" ip saddr != %3$s drop
            iifname "veth0" tcp dport %6$d ip saddr != %2$s drop
          }
        }
        """
        .formatted(
            net.address(),
            net.hostAddress(),
            Network.GUEST_ADDRESS,
            Network.GATEWAY_ADDRESS,
            Network.TAP,
            Network.AGENT_PORT);
  }
}
