package dev.skep.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.PodTemplate.Transport;
import dev.skep.sandbox.NetworkPolicy;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HostFirewallTest {
  private final AddressPlan plan = new AddressPlan("ab3f", 77);
  private final HostFirewall firewall =
      new HostFirewall(
          plan,
          Optional.of(new InetSocketAddress("127.0.0.1", 8080)),
          Optional.of(new InetSocketAddress("127.0.0.1", 5353)),
          HostConfig.SERVICES,
          List.of("192.0.2.0/24"));

  @Test
  void defaultPolicyNeedsNoElement() {
    assertThat(
            firewall.elements("add", plan.network(1, Network.Kind.MACHINE), NetworkPolicy.DEFAULT))
        .isEmpty();
  }

  @Test
  void otherPoliciesAreElementsOfTheSandboxsLink() {
    var policy = new NetworkPolicy(false, List.of("10.1.0.0/16"), List.of("8.8.8.8"));

    assertThat(firewall.elements("add", plan.network(1, Network.Kind.MACHINE), policy))
        .isEqualTo(
            """
            add element inet skep_ab3f offline { skab3f-1 }
            add element inet skep_ab3f opened { skab3f-1 . 10.1.0.0/16 }
            add element inet skep_ab3f closed { skab3f-1 . 8.8.8.8 }
            """);
  }

  @Test
  void networksInsideOthersAreOneElement() {
    var policy =
        new NetworkPolicy(true, List.of("10.1.2.3", "10.1.0.0/16", "10.1.0.0/16"), List.of());

    assertThat(firewall.elements("add", plan.network(1, Network.Kind.MACHINE), policy))
        .isEqualTo("add element inet skep_ab3f opened { skab3f-1 . 10.1.0.0/16 }\n");
  }

  @Test
  void textThatIsNoNetworkNeverReachesTheRules() {
    for (String text : List.of("0.0.0.0/0 } ; flush ruleset", "10.0.0.256", "1.2.3.4/33", "::1")) {
      var policy = new NetworkPolicy(true, List.of(text), List.of());
      assertThatThrownBy(
              () -> firewall.elements("add", plan.network(1, Network.Kind.MACHINE), policy))
          .hasMessageContaining("expected: an IPv4 network");
    }
  }

  @Test
  void tableTranslatesGatewayAndNameServerAndClosesTheHostsNetworks() {
    assertThat(firewall.table())
        .contains("ip daddr { 10.77.0.0/16, 172.16.0.1 } jump services")
        .contains("tcp dport { 80, 8080 } dnat ip to 127.0.0.1:8080")
        .contains("th dport 53 dnat ip to 127.0.0.1:5353")
        .contains("169.254.0.0/16")
        .contains("192.0.2.0/24")
        .contains("iifname \"skab3f-*\" jump to_host");
  }

  @Test
  void servicesAreReplacedInOneTransaction() {
    var one = new ServiceTable.Target("10.77.0.2", 6379);
    var other = new ServiceTable.Target("10.77.0.6", 6379);
    var table =
        new ServiceTable(
            Set.of("10.200.0.1"),
            List.of(
                new ServiceTable.Route("10.200.0.1", Transport.TCP, 80, List.of(one, other)),
                new ServiceTable.Route("10.200.0.1", Transport.UDP, 53, List.of(one))),
            Set.of());

    assertThat(firewall.changes(table))
        .isEqualTo(
            """
            flush chain inet skep_ab3f ports
            flush set inet skep_ab3f pods
            flush set inet skep_ab3f loops
            flush set inet skep_ab3f virtual
            add rule inet skep_ab3f ports ip daddr 10.200.0.1 tcp dport 80 dnat ip addr . port to numgen random mod 2 map { 0 : 10.77.0.2 . 6379, 1 : 10.77.0.6 . 6379 }
            add rule inet skep_ab3f ports ip daddr 10.200.0.1 udp dport 53 dnat ip to 10.77.0.2:6379
            add element inet skep_ab3f virtual { 10.200.0.1 }
            add element inet skep_ab3f loops { 10.77.0.2 . 10.77.0.2, 10.77.0.6 . 10.77.0.6 }
            """);
    assertThat(firewall.changes(ServiceTable.EMPTY)).doesNotContain("add ");
  }

  @Test
  void gatewayOnAllAddressesIsRedirectedTo() {
    var everywhere =
        new HostFirewall(
            plan,
            Optional.of(new InetSocketAddress("0.0.0.0", 80)),
            Optional.empty(),
            HostConfig.SERVICES,
            List.of());

    assertThat(everywhere.table()).contains("tcp dport 80 redirect to :80").doesNotContain(" 53 ");
  }

  @Test
  void resolversAreTheIpv4Ones() {
    assertThat(
            HostNetwork.resolvers(
                "# x\nsearch a\nnameserver fd00::1\nnameserver 127.0.0.53\nnameserver 192.0.2.1\n"))
        .containsExactly(
            new InetSocketAddress("127.0.0.53", 53), new InetSocketAddress("192.0.2.1", 53));
  }

  /** Another daemon may have its /16 by then, as no link of it is there. */
  @Test
  void rulesThatACrashedDaemonHasLeftHideNobodyElsesGuests() {
    assertThat(firewall.table())
        .contains("iifname \"skab3f-*\" ip saddr 10.77.0.0/16 oifname != \"skab3f-*\" masquerade");
  }
}
