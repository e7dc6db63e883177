package dev.skep.host;

import dev.skep.linux.Command;
import dev.skep.sandbox.NetworkPolicy;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The one nft table of this daemon: what guests may reach. It matches links by the beginning of
 * their names, so that a sandbox with the default policy needs no rule of its own; other policies
 * are elements of three sets.
 *
 * @param gateway where the gateway listens (IPv4), and {@code dns}, the name server of guests:
 *     reached by them under the host end's address, and under that of all machines' gateways
 * @param services CIDR of the virtual addresses of services
 * @param hostNetworks CIDRs to which the host has routes of its own
 */
record HostFirewall(
    AddressPlan plan,
    Optional<InetSocketAddress> gateway,
    Optional<InetSocketAddress> dns,
    String services,
    List<String> hostNetworks) {
  /** Of URLs that name none. */
  private static final int HTTP_PORT = 80;

  private static final int DNS_PORT = 53;

  /** Private, shared, link-local (metadata services), loopback, multicast and reserved. */
  private static final List<String> NEVER_OUTSIDE =
      List.of(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.168.0.0/16",
          "224.0.0.0/3");

  HostFirewall {
    hostNetworks = List.copyOf(hostNetworks);
  }

  /**
   * All that this daemon has, in one transaction.
   *
   * @param last what {@link #changes} gave before the daemon ended: services are never gone
   */
  void install(String last) {
    nft(table() + last);
  }

  /** Replaces what leads to pods, in one transaction. */
  void publish(String changes) {
    nft(changes);
  }

  String changes(ServiceTable table) {
    var script = new StringBuilder("flush chain inet " + plan.table() + " ports\n");
    for (String set : List.of("pods", "loops", "virtual")) {
      script.append("flush set inet " + plan.table() + " " + set + "\n");
    }
    table
        .routes()
        .forEach(route -> script.append("add rule inet " + plan.table() + " ports " + rule(route)));
    add(script, "virtual", table.addresses());
    add(script, "pods", table.pods());
    add(script, "loops", table.targets().stream().map(own -> own + " . " + own).toList());
    return script.toString();
  }

  private void add(StringBuilder script, String set, Collection<String> elements) {
    if (!elements.isEmpty()) {
      String all = String.join(", ", elements);
      script.append("add element inet " + plan.table() + " " + set + " { " + all + " }\n");
    }
  }

  /** Each connection goes to one of them, chosen at random. */
  private static String rule(ServiceTable.Route route) {
    List<ServiceTable.Target> targets = route.targets();
    String protocol = route.transport().name().toLowerCase(Locale.ROOT);
    String match = "ip daddr %s %s dport %d ".formatted(route.address(), protocol, route.port());
    if (targets.size() == 1) {
      var only = targets.getFirst();
      return match + "dnat ip to %s:%d\n".formatted(only.address(), only.port());
    }
    String choices =
        IntStream.range(0, targets.size())
            .mapToObj(i -> i + " : " + targets.get(i).address() + " . " + targets.get(i).port())
            .collect(Collectors.joining(", "));
    return match
        + "dnat ip addr . port to numgen random mod %d map { %s }\n"
            .formatted(targets.size(), choices);
  }

  void remove() {
    nft("table inet %1$s\ndelete table inet %1$s\n".formatted(plan.table()));
  }

  void open(Network network, NetworkPolicy policy) {
    change("add", network, policy);
  }

  void close(Network network, NetworkPolicy policy) {
    change("delete", network, policy);
  }

  private void change(String verb, Network network, NetworkPolicy policy) {
    String script = elements(verb, network, policy);
    if (!script.isEmpty()) {
      nft(script);
    }
  }

  /** Empty for the default policy. */
  String elements(String verb, Network network, NetworkPolicy policy) {
    Stream<String> offline =
        policy.internet() ? Stream.of() : Stream.of("offline { " + network.link() + " }");
    return Stream.of(
            offline,
            cidrs("opened", network, policy.allow()),
            cidrs("closed", network, policy.deny()))
        .flatMap(all -> all)
        .map(element -> verb + " element inet " + plan.table() + " " + element + "\n")
        .collect(Collectors.joining());
  }

  private static Stream<String> cidrs(String set, Network network, List<String> cidrs) {
    return Cidr.cover(cidrs).stream()
        .map(cidr -> set + " { " + network.link() + " . " + cidr + " }");
  }

  String table() {
    return """
        table inet %1$s
        delete table inet %1$s
        table inet %1$s {
          set offline { type ifname; }
          set opened { type ifname . ipv4_addr; flags interval; }
          set closed { type ifname . ipv4_addr; flags interval; }
          set pods { type ipv4_addr; }
          set loops { type ipv4_addr . ipv4_addr; }
          set virtual { type ipv4_addr; }
          set inside { type ipv4_addr; flags interval; auto-merge; elements = { %4$s } }
          chain prerouting {
            type nat hook prerouting priority dstnat - 1;
            iifname "%2$s*" ip daddr { %3$s, %6$s } jump services
            iifname "%2$s*" ip daddr @virtual jump ports
          }
          chain output {
            type nat hook output priority -101;
            ip daddr @virtual jump ports
          }
          chain refused {
            type filter hook output priority filter - 1;
            ip daddr @virtual jump refuse
          }
          chain refuse {
            meta l4proto tcp reject with tcp reset
            reject
          }
          chain ports {
          }
          chain services {
        %5$s  }
          chain postrouting {
            type nat hook postrouting priority srcnat - 1;
            iifname "%2$s*" ip saddr %3$s oifname != "%2$s*" masquerade
            ct status dnat ip saddr . ip daddr @loops masquerade
          }
          chain input {
            type filter hook input priority filter - 1;
            iifname "%2$s*" jump to_host
          }
          chain forward {
            type filter hook forward priority filter - 1;
            iifname "%2$s*" jump from_guest
            oifname "%2$s*" jump to_guest
          }
          chain to_host {
            ct state established,related accept
            ct status dnat ct original ip daddr { %3$s, %6$s } accept
            iifname . ip daddr @closed drop
            iifname . ip daddr @opened accept
            drop
          }
          chain from_guest {
            meta nfproto != ipv4 drop
            ct status dnat ct original ip daddr %7$s oifname != "%2$s*" jump refuse
            ct state established,related accept
            ct status dnat ct original ip daddr { %3$s, %6$s } accept
            iifname . ip daddr @closed drop
            iifname . ip daddr @opened accept
            ct status dnat ct original ip daddr %7$s oifname "%2$s*" accept
            ip daddr @pods oifname "%2$s*" accept
            ip daddr %7$s jump refuse
            iifname @offline drop
            ip daddr @inside drop
            oifname "%2$s*" drop
            accept
          }
          chain to_guest {
            ct state established,related accept
            drop
          }
        }
        """
        .formatted(
            plan.table(),
            plan.linkPrefix(),
            plan.prefix(),
            Stream.concat(NEVER_OUTSIDE.stream(), hostNetworks.stream())
                .collect(Collectors.joining(", ")),
            hostPorts(),
            Network.GATEWAY_ADDRESS,
            services);
  }

  private String hostPorts() {
    String toGateway =
        gateway
            .filter(
                at ->
                    at.getAddress().isAnyLocalAddress() || at.getAddress() instanceof Inet4Address)
            .map(at -> "    tcp dport %s %s\n".formatted(gatewayPorts(at), gatewayTarget(at)))
            .orElse("");
    String toDns =
        dns.map(
                at ->
                    "    meta l4proto { tcp, udp } th dport %d dnat ip to %s\n"
                        .formatted(DNS_PORT, hostAndPort(at)))
            .orElse("");
    return toGateway + toDns;
  }

  private static String gatewayPorts(InetSocketAddress gateway) {
    return gateway.getPort() == HTTP_PORT
        ? Integer.toString(HTTP_PORT)
        : "{ " + HTTP_PORT + ", " + gateway.getPort() + " }";
  }

  private static String gatewayTarget(InetSocketAddress gateway) {
    return gateway.getAddress().isAnyLocalAddress()
        ? "redirect to :" + gateway.getPort()
        : "dnat ip to " + hostAndPort(gateway);
  }

  private static String hostAndPort(InetSocketAddress at) {
    return at.getAddress().getHostAddress() + ":" + at.getPort();
  }

  private static void nft(String script) {
    Command.of("nft", "-f", "-").withInput(script).run();
  }
}
