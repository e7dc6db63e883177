package dev.skep.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DnsServerTest {
  private static final String HELLO = "hello.default.svc.cluster.local";
  private static final int NOERROR = 0;
  private static final int FORMERR = 1;
  private static final int SERVFAIL = 2;
  private static final int NXDOMAIN = 3;
  private static final int NOTIMP = 4;
  private static final int REFUSED = 5;

  private static final List<Inet4Address> PEERS =
      IntStream.range(1, 100).mapToObj(i -> Inet4Address.ofLiteral("10.70.0." + i)).toList();

  private final List<InetSocketAddress> resolvers = new ArrayList<>();
  private boolean fromSandbox = true;
  private DnsServer server;

  @BeforeEach
  void open() throws IOException {
    var gateway = (Inet4Address) InetAddress.getByName("172.16.0.1");
    server = DnsServer.open(gateway, _ -> fromSandbox, () -> resolvers);
    server.publish(
        () -> Set.of("hello.default", HELLO, "hello.default.127.0.0.1.sslip.io"),
        () ->
            Map.of(
                "redis.shop.svc.cluster.local", List.of(Inet4Address.ofLiteral("10.200.0.7")),
                "none.shop.svc.cluster.local", List.of(),
                "peers.shop.svc.cluster.local", PEERS,
                "10-70-0-1.peers.shop.svc.cluster.local", PEERS.subList(0, 1),
                "10-70-0-2.peers.shop.svc.cluster.local", PEERS.subList(1, 2)),
        () ->
            Map.of(
                "_redis._tcp.redis.shop.svc.cluster.local", at(6379, "10.200.0.7"),
                "_raft._tcp.none.shop.svc.cluster.local", List.of(),
                "_raft._udp.peers.shop.svc.cluster.local", at(7000, "10.70.0.1", "10.70.0.2"),
                "_many._tcp.peers.shop.svc.cluster.local",
                    PEERS.stream().map(peer -> new InetSocketAddress(peer, 7001)).toList()));
  }

  private static List<InetSocketAddress> at(int port, String... addresses) {
    return Arrays.stream(addresses)
        .map(address -> new InetSocketAddress(Inet4Address.ofLiteral(address), port))
        .toList();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private byte[] ask(String name, int type) throws IOException {
    return Wire.udp(server.address(), Wire.question(7, name, type));
  }

  @Test
  void servicesHaveAddressesOfTheirOwn() throws IOException {
    assertThat(Wire.lastAddress(ask("redis.shop.svc.cluster.local", Wire.A)))
        .isEqualTo("10.200.0.7");
    byte[] none = ask("none.shop.svc.cluster.local", Wire.A);
    assertThat(Wire.code(none)).isEqualTo(NOERROR);
    assertThat(Wire.answers(none)).isZero();
    assertThat(Wire.code(ask("shop.svc.cluster.local", Wire.A))).isEqualTo(NOERROR);
    assertThat(Wire.code(ask("other.shop.svc.cluster.local", Wire.A))).isEqualTo(NXDOMAIN);
  }

  @Test
  void asManyPodsOfAServiceWithoutAddressAsEveryClientTakes() throws IOException {
    byte[] answer = ask("peers.shop.svc.cluster.local", Wire.A);
    assertThat(Wire.answers(answer)).isGreaterThan(5);
    assertThat(answer).hasSizeLessThanOrEqualTo(512);
  }

  @Test
  void portsOfServicesLeadToTheServiceOrToItsPods() throws IOException {
    assertThat(Wire.targets(ask("_redis._tcp.redis.shop.svc.cluster.local", Wire.SRV)))
        .containsExactly("redis.shop.svc.cluster.local:6379");
    assertThat(Wire.targets(ask("_RAFT._udp.peers.shop.svc.cluster.local", Wire.SRV)))
        .containsExactlyInAnyOrder(
            "10-70-0-1.peers.shop.svc.cluster.local:7000",
            "10-70-0-2.peers.shop.svc.cluster.local:7000");
    assertThat(Wire.lastAddress(ask("10-70-0-2.peers.shop.svc.cluster.local", Wire.A)))
        .isEqualTo("10.70.0.2");
  }

  @Test
  void portsThatLeadNowhereAndParentsOfPortsAreEmptyNames() throws IOException {
    for (String name :
        List.of("_raft._tcp.none.shop.svc.cluster.local", "_tcp.redis.shop.svc.cluster.local")) {
      byte[] answer = ask(name, Wire.SRV);
      assertThat(Wire.code(answer)).as(name).isEqualTo(NOERROR);
      assertThat(Wire.answers(answer)).isZero();
    }
    assertThat(Wire.answers(ask("_redis._tcp.redis.shop.svc.cluster.local", Wire.A))).isZero();
    assertThat(Wire.code(ask("_redis._udp.redis.shop.svc.cluster.local", Wire.SRV)))
        .isEqualTo(NXDOMAIN);
  }

  @Test
  void clientsAreToldToAskForManyPortsByTcp() throws IOException {
    String name = "_many._tcp.peers.shop.svc.cluster.local";
    byte[] cut = ask(name, Wire.SRV);
    assertThat(cut).hasSizeLessThanOrEqualTo(512);
    assertThat(cut[2] & 0x02).as("truncated").isNotZero();
    assertThat(Wire.targets(cut)).isNotEmpty();
    byte[] whole = Wire.tcp(server.address(), Wire.question(7, name, Wire.SRV));
    assertThat(whole[2] & 0x02).isZero();
    assertThat(Wire.targets(whole)).hasSize(PEERS.size());
  }

  @Test
  void functionsHaveTheGatewaysAddress() throws IOException {
    byte[] answer = ask("HeLLo.default.svc.cluster.local", Wire.A);

    assertThat(Wire.number(answer, 0)).isEqualTo(7);
    assertThat(Wire.code(answer)).isEqualTo(NOERROR);
    assertThat(answer[2] & 0x04).as("authoritative").isNotZero();
    assertThat(Wire.answers(answer)).isOne();
    assertThat(Wire.lastAddress(answer)).isEqualTo("172.16.0.1");
    assertThat(Arrays.copyOfRange(answer, 13, 18))
        .as("the question as it was")
        .isEqualTo("HeLLo".getBytes());
  }

  @Test
  void otherTypesOfAFunctionAreEmptyButNoError() throws IOException {
    for (int type : new int[] {Wire.AAAA, Wire.TXT}) {
      byte[] answer = ask(HELLO, type);
      assertThat(Wire.code(answer)).isEqualTo(NOERROR);
      assertThat(Wire.answers(answer)).isZero();
      assertThat(Wire.authorities(answer)).as("how long to remember it").isOne();
    }
  }

  @Test
  void unknownNamesOfTheClusterAreNoNames() throws IOException {
    for (String name :
        List.of(
            "other.default.svc.cluster.local",
            "hello.svc.cluster.local",
            "example.com.default.svc.cluster.local",
            "hello.default.cluster.local",
            "x." + HELLO)) {
      byte[] answer = ask(name, Wire.A);
      assertThat(Wire.code(answer)).as(name).isEqualTo(NXDOMAIN);
      assertThat(Wire.authorities(answer)).isOne();
    }
  }

  @Test
  void namesWithNamesBelowThemAreThere() throws IOException {
    for (String name : List.of("cluster.local", "svc.cluster.local", "default.svc.cluster.local")) {
      byte[] answer = ask(name, Wire.A);
      assertThat(Wire.code(answer)).as(name).isEqualTo(NOERROR);
      assertThat(Wire.answers(answer)).isZero();
    }
  }

  @Test
  void namesOfTheClusterAreUnknownUntilTheyArePublished() throws IOException {
    var gateway = (Inet4Address) InetAddress.getByName("172.16.0.1");
    try (var early = DnsServer.open(gateway, _ -> true, List::of)) {
      byte[] answer = Wire.udp(early.address(), Wire.question(7, HELLO, Wire.A));
      assertThat(Wire.code(answer)).isEqualTo(SERVFAIL);
    }
  }

  @Test
  void speaksTcpAndEdns() throws IOException {
    byte[] answer = Wire.tcp(server.address(), Wire.question(9, HELLO, Wire.A, true));

    assertThat(Wire.number(answer, 0)).isEqualTo(9);
    assertThat(Wire.answers(answer)).isOne();
    assertThat(Wire.additional(answer)).isOne();
    assertThat(Wire.additional(ask(HELLO, Wire.A))).isZero();
  }

  @Test
  void passesOtherNamesOnAsTheyCame() throws IOException {
    try (var upstream = new Upstream(question -> Upstream.answered(question, NOERROR, (byte) 42))) {
      resolvers.add(upstream.address());
      byte[] question = Wire.question(7, "Example.com", Wire.A, true);

      byte[] answer = Wire.udp(server.address(), question);

      assertThat(answer).isEqualTo(Upstream.answered(question, NOERROR, (byte) 42));
      byte[] asked = upstream.asked.getFirst();
      assertThat(Arrays.copyOfRange(asked, 2, asked.length))
          .isEqualTo(Arrays.copyOfRange(question, 2, question.length));
      assertThat(Wire.tcp(server.address(), question)).isEqualTo(answer);
    }
  }

  @Test
  void passesTruncationOnSoThatTheClientAsksByTcp() throws IOException {
    try (var upstream =
        new Upstream(
            question -> {
              byte[] answer = Upstream.answered(question, NOERROR);
              answer[2] |= 0x02;
              return answer;
            })) {
      resolvers.add(upstream.address());
      assertThat(ask("big.example.com", Wire.TXT)[2] & 0x02).isNotZero();
    }
  }

  @Test
  void asksTheNextResolverWhereOneFailsOrIsSilent() throws IOException {
    try (var silent = new Upstream(_ -> new byte[0]);
        var broken = new Upstream(question -> Upstream.answered(question, SERVFAIL));
        var good = new Upstream(question -> Upstream.answered(question, NXDOMAIN))) {
      resolvers.addAll(List.of(silent.address(), broken.address(), good.address()));
      assertThat(Wire.code(ask("example.com", Wire.A))).isEqualTo(NXDOMAIN);
      assertThat(silent.asked).hasSize(1);
      assertThat(broken.asked).hasSize(1);
    }
  }

  @Test
  void ignoresAnswersToOtherQuestions() throws IOException {
    try (var forger =
        new Upstream(
            question -> {
              byte[] answer = Upstream.answered(question, NOERROR);
              answer[0] ^= 1;
              return answer;
            })) {
      resolvers.add(forger.address());
      assertThat(Wire.code(ask("example.com", Wire.A))).isEqualTo(SERVFAIL);
    }
  }

  @Test
  void failsWhereTheHostHasNoResolver() throws IOException {
    assertThat(Wire.code(ask("example.com", Wire.A))).isEqualTo(SERVFAIL);
    resolvers.add(new InetSocketAddress("127.0.0.1", freePort()));
    assertThat(Wire.code(ask("example.com", Wire.A))).isEqualTo(SERVFAIL);
    assertThat(Wire.code(Wire.tcp(server.address(), Wire.question(1, "example.com", Wire.A))))
        .isEqualTo(SERVFAIL);
  }

  private static int freePort() throws IOException {
    try (var socket = new java.net.DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void neverAsksItself() throws IOException {
    resolvers.add(server.address());
    assertThat(Wire.code(ask("example.com", Wire.A))).isEqualTo(SERVFAIL);
  }

  /** The host's resolver asks us, as if it had been told to: the question ends there. */
  @Test
  void refusesToGoRound() throws IOException {
    try (var loop =
        new Upstream(
            question -> {
              fromSandbox = false;
              try {
                return Wire.udp(server.address(), question);
              } catch (IOException e) {
                return new byte[0];
              }
            })) {
      resolvers.add(loop.address());
      assertThat(Wire.code(ask("example.com", Wire.A))).isEqualTo(REFUSED);
      assertThat(loop.asked).hasSize(1);
    }
  }

  @Test
  void answersBadQuestionsWithTheirFault() throws IOException {
    byte[] update = Wire.question(7, HELLO, Wire.A);
    update[2] = 5 << 3;
    assertThat(Wire.code(Wire.udp(server.address(), update))).isEqualTo(NOTIMP);

    byte[] two = Wire.question(7, HELLO, Wire.A);
    two[5] = 2;
    assertThat(Wire.code(Wire.udp(server.address(), two))).isEqualTo(FORMERR);

    byte[] whole = Wire.question(7, HELLO, Wire.A);
    byte[] cut = Arrays.copyOf(whole, whole.length - 5);
    assertThat(Wire.code(Wire.udp(server.address(), cut))).isEqualTo(FORMERR);

    byte[] circle = Arrays.copyOf(whole, 18);
    circle[12] = (byte) 0xc0;
    circle[13] = 12; // a name that points to itself
    assertThat(Wire.code(Wire.udp(server.address(), circle))).isEqualTo(FORMERR);

    byte[] chaos = Wire.question(7, HELLO, Wire.A);
    chaos[chaos.length - 1] = 3;
    assertThat(Wire.code(Wire.udp(server.address(), chaos))).isEqualTo(REFUSED);
  }

  @Test
  void staysSilentOnWhatIsNoQuestion() throws IOException {
    byte[] response = Upstream.answered(Wire.question(3, HELLO, Wire.A), NOERROR);
    try (var socket = new java.net.DatagramSocket()) {
      socket.setSoTimeout(10_000);
      for (byte[] bad : List.of(new byte[0], new byte[11], response)) {
        socket.send(new java.net.DatagramPacket(bad, bad.length, server.address()));
      }
      byte[] good = Wire.question(4, HELLO, Wire.A);
      socket.send(new java.net.DatagramPacket(good, good.length, server.address()));
      var packet = new java.net.DatagramPacket(new byte[512], 512);
      socket.receive(packet);
      assertThat(Wire.number(packet.getData(), 0)).isEqualTo(4);
    }
  }
}
