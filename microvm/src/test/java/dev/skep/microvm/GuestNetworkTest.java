package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.host.AddressPlan;
import dev.skep.host.GuestNetworks;
import dev.skep.host.Network;
import dev.skep.linux.Command;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What real guests reach, and what not. "Outside" is a namespace behind a router of its own, to
 * which a route is added once the rules stand.
 */
@Tag("integration")
class GuestNetworkTest {
  private static final String NOTHING = "nothing";
  private static final String CONNECTED = "connected";
  private static final String OUTSIDE = "198.18.9.9";

  private static final String MAKE_OUTSIDE =
      """
      set -e
      ip netns add skeptest-out
      ip link add skeptest0 type veth peer name up0 netns skeptest-out
      ip addr add 198.18.8.1/30 dev skeptest0
      ip link set skeptest0 up
      echo 1 > /proc/sys/net/ipv4/conf/skeptest0/forwarding
      ip -n skeptest-out link set lo up
      ip -n skeptest-out addr add 198.18.9.9/32 dev lo
      ip -n skeptest-out addr add 198.18.8.2/30 dev up0
      ip -n skeptest-out link set up0 up
      ip route add 198.18.9.0/24 via 198.18.8.2
      """;
  private static final String REMOVE_OUTSIDE =
      "ip link del skeptest0; ip netns del skeptest-out; exit 0";

  @TempDir Path state;
  private ServerSocket hostService;
  private ServerSocket gateway;
  private HostedRuntime<MicroVmRuntime> runtime;

  @BeforeAll
  static void needsAHost() {
    TestHost.assumeUsable();
  }

  @BeforeEach
  void openRuntime() throws IOException {
    hostService = new ServerSocket(0);
    gateway = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    runtime =
        TestHost.open(
            TestHost.config(state),
            Optional.of(new InetSocketAddress(gateway.getInetAddress(), gateway.getLocalPort())));
    runtime.adopt();
    Command.of("sh", "-s").withInput(MAKE_OUTSIDE).run();
  }

  @AfterEach
  void leavesNothing() throws IOException {
    Command.of("sh", "-s").withInput(REMOVE_OUTSIDE).run();
    runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    runtime.close();
    hostService.close();
    gateway.close();
    assertThat(new HostObjects(state).all()).isEmpty();
  }

  @Test
  void guestsReachTheGatewayAndOutsideButNotTheHostNorEachOther() throws IOException {
    Sandbox one = started("network001", NetworkPolicy.DEFAULT);
    Sandbox two = started("network002", NetworkPolicy.DEFAULT);
    AddressPlan plan = GuestNetworks.plan(state);
    String hostEnd = two.endpoint().getAddress().getHostAddress().replaceAll("2$", "1");
    assertThat(plan.prefix()).startsWith(hostEnd.substring(0, 5));

    assertThat(reach(one, Network.GATEWAY_ADDRESS, gateway.getLocalPort())).isEqualTo(CONNECTED);
    assertThat(reach(one, OUTSIDE, 9)).isEqualTo("refused"); // it answered: nobody listens there

    assertThat(reach(one, Network.GATEWAY_ADDRESS, hostService.getLocalPort())).isEqualTo(NOTHING);
    for (String address : hostAddresses()) {
      assertThat(reach(one, address, hostService.getLocalPort())).as(address).isEqualTo(NOTHING);
    }
    assertThat(reach(one, two.endpoint().getAddress().getHostAddress(), 8080)).isEqualTo(NOTHING);
    assertThat(reach(one, "169.254.169.254", 80)).isEqualTo(NOTHING);
    assertThat(reach(one, "198.18.8.2", 9)).isEqualTo("refused"); // the route came after the rules
  }

  @Test
  void policyOpensAndCloses() throws IOException {
    Sandbox other = started("network003", NetworkPolicy.DEFAULT);
    String address = other.endpoint().getAddress().getHostAddress();
    Sandbox open =
        started("network004", new NetworkPolicy(false, List.of(address + "/32"), List.of()));
    Sandbox closed =
        started("network005", new NetworkPolicy(true, List.of(), List.of("198.18.9.0/24")));

    assertThat(reach(open, address, 8080)).isEqualTo(CONNECTED);
    assertThat(reach(open, address, AgentClient.PORT)).isEqualTo(NOTHING); // never the agent
    assertThat(reach(open, OUTSIDE, 9)).isEqualTo(NOTHING);
    assertThat(reach(closed, OUTSIDE, 9)).isEqualTo(NOTHING);
  }

  private static List<String> hostAddresses() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> address.getAddress().length == 4 && !address.isLoopbackAddress())
        .map(InetAddress::getHostAddress)
        .limit(4)
        .toList();
  }

  private static String reach(Sandbox from, String address, int port) {
    return MicroVmFaultsTest.exec(from, "/kit", "connect", address, Integer.toString(port));
  }

  private Sandbox started(String id, NetworkPolicy policy) {
    StartOutcome outcome =
        runtime.start(
            TestHost.spec(state, id, List.of("/kit", "serve"), policy, Duration.ofSeconds(60)),
            new StartPlan.Boot(),
            new PhaseRecorder(System::nanoTime));
    assertThat(outcome).isInstanceOf(StartOutcome.Ok.class);
    return ((StartOutcome.Ok) outcome).sandbox();
  }
}
