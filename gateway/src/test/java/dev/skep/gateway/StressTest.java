package dev.skep.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Protocol;
import dev.skep.control.Endpoint;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Many requests over real sockets while instances come and go. */
class StressTest {
  private static final int LIMIT = 2;
  private static final int INSTANCES = 3;
  private static final int WAVES = 20;
  private static final int WAVE = 40;

  private record Counted(Origin origin, AtomicInteger most) {
    static Counted start() {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      Origin origin =
          new Origin(
              exchange -> {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                Thread.yield();
                inside.decrementAndGet();
                Origin.answer(exchange, 200, exchange.getRequestURI().getPath());
              });
      return new Counted(origin, most);
    }
  }

  @Test
  void losesNothingAndNeverExceedsTheLimitWhileInstancesComeAndGo() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("StressTest seed " + seed);
    Random random = new Random(seed);
    List<Counted> counted = new ArrayList<>();
    try (Harness harness = new Harness();
        Client client = new Client(harness.port())) {
      harness.gateway.revision(Harness.traffic(Protocol.HTTP1, LIMIT));
      for (int i = 0; i < INSTANCES; i++) {
        counted.add(Counted.start());
      }
      for (int wave = 0; wave < WAVES; wave++) {
        List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
        for (int i = 0; i < WAVE; i++) {
          responses.add(client.sendAsync(client.request("/" + wave + "-" + i)));
          if (i % 10 == 0) {
            harness.gateway.endpoints(Harness.KEY, some(counted, random, false));
          }
        }
        harness.gateway.endpoints(Harness.KEY, some(counted, random, true));
        for (int i = 0; i < WAVE; i++) {
          HttpResponse<String> response = responses.get(i).get(20, TimeUnit.SECONDS);
          assertThat(response.statusCode()).as("seed %s", seed).isEqualTo(200);
          assertThat(response.body()).isEqualTo("/" + wave + "-" + i);
        }
      }
      harness.awaitInFlight(0);
      harness.awaitParked(0);
      assertThat(counted)
          .as("seed %s", seed)
          .allSatisfy(each -> assertThat(each.most().get()).isLessThanOrEqualTo(LIMIT));
    } finally {
      counted.forEach(each -> each.origin().close());
    }
  }

  /** A random choice of the instances; with {@code last}, never none. */
  private static List<Endpoint> some(List<Counted> all, Random random, boolean last) {
    List<Endpoint> chosen = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (random.nextBoolean() || (last && i == 0)) {
        chosen.add(Harness.endpoint("i-" + i, all.get(i).origin().port()));
      }
    }
    return chosen;
  }
}
