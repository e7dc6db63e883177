package dev.skep.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class AddressPlanTest {
  private static final String HEADER =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

  @Test
  void slotsHaveDifferentAddressesInsideThePrefix() {
    var plan = new AddressPlan("ab3f", 77);

    assertThat(plan.network(0, Network.Kind.MACHINE).hostAddress()).isEqualTo("10.77.0.1");
    assertThat(plan.network(0, Network.Kind.MACHINE).address()).isEqualTo("10.77.0.2");
    assertThat(plan.network(64, Network.Kind.MACHINE).hostAddress()).isEqualTo("10.77.1.1");
    assertThat(plan.network(AddressPlan.SLOTS - 1, Network.Kind.MACHINE).address())
        .isEqualTo("10.77.255.254");
  }

  @Test
  void linkNamesFitTheKernelsFifteenCharacters() {
    assertThat(
            new AddressPlan("zzzz", 77).network(AddressPlan.SLOTS - 1, Network.Kind.MACHINE).link())
        .isEqualTo("skzzzz-16383")
        .hasSizeLessThanOrEqualTo(15);
  }

  @Test
  void prefixThatARouteOverlapsIsNotChosen() {
    int first = AddressPlan.choose("ab3f", HEADER + route("eth0", "00000000", "00000000")).second();

    String route = route("vpn0", String.format("%02X%02X%02X%02X", 0, 0, first, 10), "0000FFFF");
    int second = AddressPlan.choose("ab3f", HEADER + route).second();

    assertThat(second).isNotEqualTo(first).isBetween(64, 127);
  }

  @Test
  void hostThatRoutesAllOfThemIsAnError() {
    String all = route("vpn0", "0000000A", "000000FF");

    assertThatThrownBy(() -> AddressPlan.choose("ab3f", HEADER + all))
        .hasMessageContaining("10.64.0.0/10");
  }

  @Test
  void routesAreReadAsTheKernelWritesThem() {
    String routes =
        HEADER
            + route("eth0", "00000000", "00000000")
            + route("eth0", "000200C0", "00FFFFFF")
            + route("skab3f-1", "0000400A", "FCFFFFFF");

    assertThat(HostNetwork.knownNetworks(routes, "skab3f-")).containsExactly("192.0.2.0/24");
    assertThat(HostNetwork.links(routes)).containsExactly("eth0");
  }

  private static String route(String link, String address, String mask) {
    return link + "\t" + address + "\t00000000\t0001\t0\t0\t0\t" + mask + "\t0\t0\t0\n";
  }
}
