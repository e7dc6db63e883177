package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DemoLoadTest {
  /** A function that counts, and fails every so many requests. */
  private static final class Function implements Caller.Factory {
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger mostInside = new AtomicInteger();
    private final int failEvery;

    Function(int failEvery) {
      this.failEvery = failEvery;
    }

    @Override
    public Caller open() {
      connections.incrementAndGet();
      return new Caller() {
        @Override
        public Invocation call() throws IOException {
          mostInside.accumulateAndGet(inside.incrementAndGet(), Math::max);
          int number = requests.incrementAndGet();
          inside.decrementAndGet();
          if (failEvery > 0 && number % failEvery == 0) {
            throw new IOException("request " + number + " failed");
          }
          return new Invocation(200, "OK", List.of(), new byte[0], number);
        }

        @Override
        public void close() {}
      };
    }
  }

  @Test
  void sendsEachRequestOnceAndNeverMoreAtATimeThanAsked() throws Exception {
    var function = new Function(0);

    DemoLoad.Result result = new DemoLoad(function).send(1000, 4);

    assertThat(function.requests).hasValue(1000);
    assertThat(function.mostInside.get()).isLessThanOrEqualTo(4);
    assertThat(function.connections.get()).isLessThanOrEqualTo(4);
    assertThat(result.answered()).isEqualTo(1000);
    assertThat(result.failed()).isZero();
  }

  @Test
  void countsFailuresAndGoesOnWithANewConnection() throws Exception {
    var function = new Function(10);

    DemoLoad.Result result = new DemoLoad(function).send(100, 1);

    assertThat(result.answered()).isEqualTo(90);
    assertThat(result.failed()).isEqualTo(10);
    assertThat(result.firstFailure()).contains("request 10 failed");
    assertThat(function.connections).hasValue(10);
  }

  @Test
  void countsConnectionsThatAreRefused() throws Exception {
    var load =
        new DemoLoad(
            () -> {
              throw new IOException("refused");
            });

    DemoLoad.Result result = load.send(3, 2);

    assertThat(result.answered()).isZero();
    assertThat(result.failed()).isEqualTo(3);
    assertThat(result.percentile(0.5)).isZero();
    assertThat(load.done()).isEqualTo(3);
  }

  @Test
  void percentilesAreOfTheNearestRank() {
    var hundred =
        new DemoLoad.Result(
            LongStream.rangeClosed(1, 100).boxed().toList(), 0, Optional.empty(), 1);

    assertThat(hundred.percentile(0.50)).isEqualTo(50);
    assertThat(hundred.percentile(0.99)).isEqualTo(99);
    assertThat(hundred.percentile(1)).isEqualTo(100);
    assertThat(new DemoLoad.Result(List.of(7L), 0, Optional.empty(), 1).percentile(0.5))
        .isEqualTo(7);
  }
}
