package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Decision.Reason;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConcurrencyScalerTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final String PREFIX = "autoscaling.knative.dev/";

  private static Scaler scaler(int containerConcurrency, Map<String, String> annotations) {
    return new ConcurrencyScaler(ScalingSettings.of(annotations, containerConcurrency));
  }

  private static Observation seen(
      double second, int ready, int starting, int inFlight, int waiting, double average) {
    Instant now = START.plusMillis((long) (second * 1000));
    var load = List.of(new LoadSecond(now.plusSeconds(1), average, 0));
    return new Observation(now, ready, starting, inFlight, waiting, load, START, true, true);
  }

  @Test
  void oneInstanceForTheFirstRequestEvenAtTheLowestTarget() {
    Decision decision = scaler(1, Map.of()).decide(seen(0, 0, 0, 0, 1, 0));

    assertThat(decision.instances()).isEqualTo(1);
    assertThat(decision.reason()).isEqualTo(Reason.LOAD);
    assertThat(decision.why()).startsWith("0 in flight, 1 waiting");
  }

  @Test
  void waitingRequestsGetPlacesUpToTheHardLimit() {
    assertThat(scaler(4, Map.of()).decide(seen(0, 1, 0, 4, 5, 4)).instances()).isEqualTo(3);
  }

  @Test
  void averageIsHeldAtSeventyPercentOfTheLimit() {
    assertThat(scaler(10, Map.of()).decide(seen(0, 1, 0, 7, 0, 7)).instances()).isEqualTo(1);
    assertThat(scaler(10, Map.of()).decide(seen(0, 1, 0, 7, 0, 7.1)).instances()).isEqualTo(2);
  }

  @Test
  void roundingErrorsAskForNoInstance() {
    assertThat(scaler(0, Map.of()).decide(seen(0, 1, 0, 0, 0, 3 * 0.7 * 100)).instances())
        .isEqualTo(3);
  }

  @Test
  void goesDownOnlyToTheMostThatWasNeededWithinTheWindow() {
    Scaler scaler = scaler(1, Map.of(PREFIX + "window", "10s"));
    scaler.decide(seen(0, 0, 0, 0, 5, 0));
    scaler.decide(seen(4, 5, 0, 2, 0, 0));

    assertThat(scaler.decide(seen(9, 5, 0, 0, 0, 0)).instances()).isEqualTo(5);
    assertThat(scaler.decide(seen(12, 5, 0, 0, 0, 0)).instances()).isEqualTo(2);
    assertThat(scaler.decide(seen(15, 2, 0, 0, 0, 0)).instances()).isZero();
  }

  @Test
  void lastInstanceStaysForItsRetention() {
    Scaler scaler =
        scaler(
            1,
            Map.of(PREFIX + "window", "10s", PREFIX + "scale-to-zero-pod-retention-period", "5s"));

    assertThat(scaler.decide(seen(9, 3, 0, 0, 0, 0)).instances()).isEqualTo(3);
    assertThat(scaler.decide(seen(14, 3, 0, 0, 0, 0)).instances()).isEqualTo(1);
    Decision last = scaler.decide(seen(15, 1, 0, 0, 0, 0));
    assertThat(last.instances()).isZero();
    assertThat(last.reason()).isEqualTo(Reason.IDLE);
  }

  @Test
  void crashedInstancesAreReplacedOnlyWhenNeeded() {
    Scaler scaler = scaler(1, Map.of());
    scaler.decide(seen(0, 0, 0, 0, 5, 0));

    assertThat(scaler.decide(seen(1, 1, 0, 0, 0, 0)).instances()).isEqualTo(1);
    assertThat(scaler.decide(seen(2, 0, 0, 0, 0, 0)).instances()).isZero();
  }

  @Test
  void boundsWinOverTheLoadAndMinScaleOverIdleness() {
    Map<String, String> bounds = Map.of(PREFIX + "min-scale", "2", PREFIX + "maxScale", "3");

    Decision most = scaler(1, bounds).decide(seen(0, 0, 0, 0, 9, 0));
    assertThat(most.instances()).isEqualTo(3);
    assertThat(most.reason()).isEqualTo(Reason.MAX_SCALE);
    Decision least = scaler(1, bounds).decide(seen(4000, 2, 0, 0, 0, 0));
    assertThat(least.instances()).isEqualTo(2);
    assertThat(least.reason()).isEqualTo(Reason.MIN_SCALE);
  }

  @Test
  void withoutTrafficOnlyTheLastRequestsCount() {
    Map<String, String> bounds = Map.of(PREFIX + "min-scale", "2");
    var unrouted = new Observation(START, 2, 0, 1, 0, List.of(), START, false, true);

    assertThat(scaler(1, bounds).decide(unrouted).instances()).isEqualTo(1);
  }
}
