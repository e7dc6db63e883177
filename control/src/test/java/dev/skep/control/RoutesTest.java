package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.RevisionKey;
import dev.skep.testkit.ManualClock;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the data plane sees, changed host name by host name, against what follows from all there is.
 */
final class RoutesTest {
  private static final List<String> HOSTS = List.of("a", "b", "c", "d");

  private final FakeDataPlane gateway =
      new FakeDataPlane(
          new ManualClock(),
          new LoopListener(
              new Mailbox(() -> 0),
              () -> {
                throw new AssertionError("nobody asks");
              }));
  private final Routes routes = new Routes();
  private final Map<ObjectName, Map<String, RouteTable.Route>> put = new HashMap<>();
  private final Map<String, Routes.Mapped> mapped = new HashMap<>();

  private static RouteTable.Route to(int revision) {
    var key = new RevisionKey("default", "r-" + revision);
    return new RouteTable.Route(List.of(new RouteTable.Target(key, 100)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void hostsAndCertificatesAreWhatFollows(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      step(random, i);
      routes.publish(gateway);
      HOSTS.forEach(this::check);
    }
  }

  private void step(Random random, int number) {
    var route = new ObjectName("default", "route-" + random.nextInt(3));
    String host = HOSTS.get(random.nextInt(HOSTS.size()));
    switch (random.nextInt(4)) {
      case 0 -> {
        var hosts = new HashMap<String, RouteTable.Route>();
        IntStream.range(0, random.nextInt(3))
            .forEach(_ -> hosts.put(HOSTS.get(random.nextInt(HOSTS.size())), to(number)));
        put.put(route, hosts);
        routes.put(route, hosts);
      }
      case 1 -> {
        put.remove(route);
        routes.remove(route);
      }
      case 2 -> {
        var to =
            new Routes.Mapped(
                random.nextBoolean() ? Optional.of(to(number)) : Optional.empty(),
                random.nextBoolean() ? Optional.of(certificate()) : Optional.empty());
        mapped.put(host, to);
        routes.map(host, to);
      }
      default -> {
        mapped.remove(host);
        routes.unmap(host);
      }
    }
  }

  private static ServerCertificate certificate() {
    try {
      return new ServerCertificate(
          List.of(), KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private void check(String host) {
    List<RouteTable.Route> wanting =
        put.values().stream()
            .filter(hosts -> hosts.containsKey(host))
            .map(hosts -> hosts.get(host))
            .toList();
    Routes.Mapped mapping =
        mapped.getOrDefault(host, new Routes.Mapped(Optional.empty(), Optional.empty()));
    Optional<RouteTable.Route> led = Optional.ofNullable(gateway.table.hosts().get(host));
    if (wanting.isEmpty()) {
      assertThat(led).isEqualTo(mapping.route());
      assertThat(Optional.ofNullable(gateway.table.certificates().get(host)))
          .isEqualTo(mapping.certificate());
    } else {
      assertThat(wanting).contains(led.orElseThrow());
      assertThat(gateway.table.certificates()).doesNotContainKey(host);
    }
  }
}
