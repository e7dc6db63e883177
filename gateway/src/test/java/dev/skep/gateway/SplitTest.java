package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Protocol;
import dev.skep.api.RevisionKey;
import dev.skep.control.RevisionTraffic;
import dev.skep.control.RouteTable;
import dev.skep.control.RouteTable.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One function of two revisions: shares of its traffic, and hosts of its tags. */
final class SplitTest {
  private static final RevisionKey BLUE = new RevisionKey("ns", "hello-blue");

  private final Harness harness = new Harness();
  private final Origin green = Origin.saying("green");
  private final Origin blue = Origin.saying("blue");

  @BeforeEach
  void begin() {
    harness.instances(green.port());
    harness.gateway.revision(
        new RevisionTraffic(
            BLUE, Protocol.HTTP1, 0, Duration.ofSeconds(10), Duration.ZERO, Duration.ZERO, 10));
    harness.gateway.endpoints(BLUE, List.of(Harness.endpoint("b-0", blue.port())));
  }

  @AfterEach
  void end() {
    green.close();
    blue.close();
    harness.close();
  }

  private String answer(String host) throws IOException {
    try (Wire wire = Wire.connect(harness.port())) {
      wire.send("GET / HTTP/1.1\nHost: %s\nConnection: close\n\n".formatted(host));
      wire.head();
      return wire.rest();
    }
  }

  private int blues(String host, int requests) throws IOException {
    int blues = 0;
    for (int i = 0; i < requests; i++) {
      blues += answer(host).equals("blue") ? 1 : 0;
    }
    return blues;
  }

  @Test
  void eachTagHasItsRevisionAloneWhateverTheSplit() throws IOException {
    harness.route("hello.test", new Target(Harness.KEY, 50), new Target(BLUE, 50));
    harness.route("blue-hello.test", new Target(BLUE, 100));
    harness.route("green-hello.test", new Target(Harness.KEY, 100));

    assertThat(blues("Blue-hello.test:80", 20)).isEqualTo(20);
    assertThat(blues("green-hello.test", 20)).isZero();
    assertThat(blues("hello.test", 200)).isBetween(50, 150); // 7 standard deviations
  }

  @Test
  void aTargetWithoutAShareGetsNothing() throws IOException {
    harness.route("hello.test", new Target(BLUE, 0), new Target(Harness.KEY, 100));

    assertThat(blues("hello.test", 50)).isZero();
  }

  @Test
  void aNewSplitHoldsFromTheNextRequestOn() throws IOException {
    harness.route("hello.test", new Target(Harness.KEY, 100));
    assertThat(answer("hello.test")).isEqualTo("green");
    harness.route("hello.test", new Target(BLUE, 100));

    assertThat(answer("hello.test")).isEqualTo("blue");
  }

  @Test
  void theTagHeaderChoosesAndTheFunctionSeesWhatWasFollowed() throws IOException {
    try (var tagged =
        new Origin(
            exchange ->
                Origin.answer(
                    exchange,
                    200,
                    exchange.getRequestHeaders().getFirst("Knative-Serving-Tag")
                        + " "
                        + exchange
                            .getRequestHeaders()
                            .getFirst("Knative-Serving-Default-Route")))) {
      harness.instances(tagged.port());
      var chosen =
          new RouteTable.Route(
              List.of(new Target(Harness.KEY, 100)),
              "",
              new RouteTable.Chosen(Map.of("blue", List.of(new Target(BLUE, 100)))));
      var given =
          new RouteTable.Route(
              List.of(new Target(Harness.KEY, 100)), "", new RouteTable.Given("now"));
      harness.gateway.routes(new RouteTable(Map.of("hello.test", chosen, "now.test", given)));

      assertThat(answer("hello.test\nKnative-Serving-Tag: blue")).isEqualTo("blue");
      assertThat(answer("hello.test\nKnative-Serving-Tag: none")).isEqualTo("none true");
      assertThat(answer("hello.test")).isEqualTo("null true");
      assertThat(answer("now.test\nKnative-Serving-Tag: blue")).isEqualTo("now null");
    }
  }

  @Test
  void withoutTheFeatureNoSuchHeaderReachesAFunction() throws IOException {
    assertThat(answer("hello.test\nKnative-Serving-Tag: blue")).isEqualTo("green");
  }
}
