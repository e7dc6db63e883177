package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skep.policy.Decision.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By example; {@code KnativeComparisonTest} compares with the original. */
final class KnativeScalerTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final String PREFIX = "autoscaling.knative.dev/";

  private static ScalingSettings settings(int containerConcurrency, String... annotations) {
    var notes = new HashMap<String, String>();
    for (int i = 0; i < annotations.length; i += 2) {
      notes.put(PREFIX + annotations[i], annotations[i + 1]);
    }
    return ScalingSettings.of(notes, containerConcurrency);
  }

  /** Worked out by hand from the formula, at a target of 7 (10 at 70 %). */
  @ParameterizedTest
  @CsvSource({
    "1, true,     0,    0,  0, -201",
    "1, true,     7,    7,  1, -208",
    "1, true,   7.1,  7.1,  2, -209",
    "2, true,     0,    0,  1, -191",
    "5, true,     0,    0,  2, -161",
    "5, false,    0,    0,  0, -161",
    "1, true,     7,   14,  2, -215",
    "5, true,    35,   70, 10, -231",
    "30, true, 140,   140, 20,  -51",
    "60, true, 420,   420, 60,  -31",
    "60, true, 400,   300, 58,   89",
  })
  void decidesByAverageRateAndThreshold(
      int ready, boolean reachable, double stable, double panic, int desired, int excessBurst) {
    var autoscaler = new PodAutoscaler(settings(10), START, 1);

    PodAutoscaler.Result result = autoscaler.scale(START, ready, reachable, stable, panic);

    assertThat(result.desired()).isEqualTo(desired);
    assertThat(result.excessBurst()).isEqualTo(excessBurst);
  }

  @Test
  void burstPanicsAndNothingGoesDownForAStableWindowAfterIt() {
    var autoscaler = new PodAutoscaler(settings(10), START, 1);
    assertThat(autoscaler.scale(START, 1, true, 10, 70).desired()).isEqualTo(10);
    assertThat(autoscaler.scale(at(2), 10, true, 10, 0).desired()).isEqualTo(10);
    assertThat(autoscaler.scale(at(60), 10, true, 10, 0).panicking()).isTrue();

    PodAutoscaler.Result after = autoscaler.scale(at(61), 10, true, 10, 0);
    assertThat(after.panicking()).isFalse();
    assertThat(after.desired()).as("half of what is ready at most").isEqualTo(5);
  }

  @Test
  void oneThatFindsInstancesKeepsThemUntilItHasSeenAWindow() {
    var autoscaler = new PodAutoscaler(settings(10), START, 4);

    assertThat(autoscaler.scale(at(2), 4, true, 0, 0).desired()).isEqualTo(4);
    assertThat(autoscaler.scale(at(61), 4, true, 0, 0).desired()).isEqualTo(2);
  }

  @Test
  void scaleDownWaitsForItsDelay() {
    var autoscaler = new PodAutoscaler(settings(10, "scale-down-delay", "10s"), START, 0);
    autoscaler.scale(START, 2, true, 14, 14);

    assertThat(autoscaler.scale(at(8), 2, true, 0, 0).desired()).isEqualTo(2);
    assertThat(autoscaler.scale(at(10), 2, true, 0, 0).desired()).isEqualTo(1);
  }

  @Test
  void activationScaleIsTheLeastButZero() {
    var autoscaler = new PodAutoscaler(settings(10, "activation-scale", "3"), START, 0);

    assertThat(autoscaler.scale(START, 0, true, 1, 1).desired()).isEqualTo(3);
    assertThat(autoscaler.scale(at(2), 1, true, 0, 0).desired()).isZero();
  }

  @Test
  void averageOfAPartIsThatOfThePartAndStaleBucketsAreLeftOut() {
    var window = new LoadWindow(Duration.ofSeconds(10), LoadWindow.Aggregation.LINEAR);
    assertThat(window.isEmpty(START)).isTrue();
    window.record(START, 4);
    window.record(START, 2);
    window.record(at(1), 3);
    assertThat(window.average(at(1))).isEqualTo(4.5);
    window.record(at(3), 1);
    assertThat(window.average(at(3))).as("a gap is zero").isEqualTo(2.5);
    assertThat(window.average(at(10))).as("the first bucket is out").isEqualTo(1.333333);
    assertThat(window.isEmpty(at(13))).isFalse();
    assertThat(window.isEmpty(at(14))).isTrue();
    assertThat(window.average(at(14))).isZero();
  }

  @Test
  void laterSecondsWeighMoreWhereThatIsAsked() {
    var window =
        new LoadWindow(Duration.ofSeconds(60), LoadWindow.Aggregation.WEIGHTED_EXPONENTIAL);
    window.record(START, 10);
    window.record(at(1), 0);

    assertThat(window.average(at(1))).isCloseTo(10 * 0.2 * 0.8, within(1e-12));
  }

  /** A revision with a load in requests at once, whose instances are ready at once. */
  private static final class Play {
    private final KnativeScaler scaler;
    private final boolean reachable;
    private final List<LoadSecond> load = new ArrayList<>();
    private int ready;
    private double second;
    private Decision last = new Decision(0, Reason.IDLE, "");

    Play(ScalingSettings settings, boolean reachable) {
      this.scaler = new KnativeScaler(settings);
      this.reachable = reachable;
    }

    Decision look(int waiting) {
      var seen =
          new Observation(
              START.plusMillis(Math.round(second * 1000)),
              ready,
              0,
              0,
              waiting,
              load,
              START,
              reachable,
              true);
      load.clear();
      last = scaler.decide(seen);
      ready = last.instances();
      return last;
    }

    Decision seconds(int count, double concurrency) {
      for (int i = 0; i < count; i++) {
        second++;
        load.add(new LoadSecond(at(second), concurrency, concurrency));
        look(0);
      }
      return last;
    }

    /** Until there is none; at most this many seconds. */
    double toZero(int most) {
      double from = second;
      while (ready > 0 && second - from < most) {
        seconds(1, 0);
      }
      return second - from;
    }
  }

  private static Instant at(double second) {
    return START.plusMillis(Math.round(second * 1000));
  }

  @Test
  void firstRequestIsServedAtOnceAndItsSecondNotCountedTwice() {
    var play = new Play(settings(10), true);
    play.seconds(5, 0);
    play.second = 5.5;

    assertThat(play.look(1).instances()).isEqualTo(1);
    play.second = 5;
    assertThat(play.seconds(1, 1).instances()).isEqualTo(1);
    assertThat(play.seconds(2, 0).why()).contains("concurrency 0.33 in the stable window");
  }

  @Test
  void lastInstanceGoesAfterTheStableWindow() {
    var play = new Play(settings(10, "window", "30s"), true);
    play.look(1);
    play.seconds(40, 3);

    assertThat(play.toZero(100)).isBetween(30.0, 34.0);
    assertThat(play.last.reason()).isEqualTo(Reason.IDLE);
  }

  @Test
  void lastInstanceStaysForItsRetention() {
    var play =
        new Play(settings(10, "window", "30s", "scale-to-zero-pod-retention-period", "20s"), true);
    play.look(1);
    play.seconds(40, 3);

    assertThat(play.toZero(100)).isBetween(50.0, 54.0);
  }

  @Test
  void graceCountsWhereKnativeWouldHaveToPutTheActivatorBack() {
    var play = new Play(settings(10, "window", "30s", "target-burst-capacity", "0"), true);
    play.look(1);
    play.seconds(40, 3);

    assertThat(play.toZero(100)).isBetween(60.0, 64.0);
  }

  @Test
  void boundsHoldWhileTrafficIsRouted() {
    var bounds = settings(10, "min-scale", "2", "max-scale", "3");
    var routed = new Play(bounds, true);
    routed.look(1);
    assertThat(routed.seconds(10, 100).instances()).isEqualTo(3);
    assertThat(routed.last.reason()).isEqualTo(Reason.MAX_SCALE);
    assertThat(routed.seconds(300, 0).instances()).isEqualTo(2);
    assertThat(routed.last.reason()).isEqualTo(Reason.MIN_SCALE);

    var unrouted = new Play(bounds, false);
    unrouted.look(1);
    unrouted.seconds(10, 1);
    assertThat(unrouted.toZero(100)).isLessThan(100);
  }

  @Test
  void requestsPerSecondScaleWhereTheyAreTheMetric() {
    var play = new Play(settings(0, "metric", "rps", "target", "10"), true);
    play.look(1);

    assertThat(play.seconds(120, 70).instances()).isEqualTo(10);
  }

  @Test
  void nothingIsDecidedBeforeThereAreFigures() {
    var play = new Play(settings(0), true);
    play.ready = 3;

    Decision first = play.look(0);
    assertThat(first.instances()).isEqualTo(3);
    assertThat(first.why()).isEqualTo("no figures yet");
  }
}
