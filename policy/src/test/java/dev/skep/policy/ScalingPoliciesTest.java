package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.policy.Decision.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ScalingPoliciesTest {
  /** A Thursday. */
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static RevisionScaler scaler(ScalingPolicies policies, String policy, String... notes) {
    var annotations = new HashMap<>(Map.of(ScalingPolicies.CLASS, policy));
    for (int i = 0; i < notes.length; i += 2) {
      annotations.put(notes[i], notes[i + 1]);
    }
    return policies.scaler(annotations, 1, AutoscalerConfig.DEFAULTS);
  }

  private static Observation seen(Instant now, int ready, int inFlight, int waiting) {
    return new Observation(now, ready, 0, inFlight, waiting, List.of(), START, true, true);
  }

  @Test
  void knativesIsTheDefault() {
    RevisionScaler scaler = ScalingPolicies.BUILT_IN.scaler(Map.of(), 0, AutoscalerConfig.DEFAULTS);

    assertThat(scaler.policy()).isEqualTo(ScalingPolicies.KNATIVE);
    assertThat(scaler.problem()).isEmpty();
  }

  @Test
  void keepAliveKeepsForItsOwnTime() {
    RevisionScaler scaler =
        scaler(
            ScalingPolicies.BUILT_IN,
            ScalingPolicies.KEEP_ALIVE,
            SkepAnnotations.KEEP_ALIVE,
            "20m");

    assertThat(scaler.decide(seen(START, 0, 0, 1)).instances()).isEqualTo(1);
    assertThat(scaler.decide(seen(START.plusSeconds(1199), 1, 0, 0)).instances()).isEqualTo(1);
    assertThat(scaler.decide(seen(START.plusSeconds(1202), 1, 0, 0)).instances()).isZero();
  }

  @Test
  void unknownPolicyIsReplacedByKnativesAndNamed() {
    RevisionScaler scaler = scaler(ScalingPolicies.BUILT_IN, "mine.example");

    assertThat(scaler.policy()).isEqualTo(ScalingPolicies.KNATIVE);
    assertThat(scaler.problem().orElseThrow())
        .contains("'mine.example'", ScalingPolicies.HISTOGRAM, "Knative's decides");
    assertThat(scaler.decide(seen(START, 0, 0, 1)).instances()).isPositive();
  }

  private static ScalingPolicies with(Scaler scaler) {
    return ScalingPolicies.BUILT_IN.and(
        List.of(
            new ScalingPolicy() {
              @Override
              public String name() {
                return "mine.example";
              }

              @Override
              public Scaler scaler(ScalingSettings settings, Map<String, String> annotations) {
                return scaler;
              }
            }));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2_000_000_000})
  void policyThatAsksForTheImpossibleIsReplaced(int instances) {
    RevisionScaler scaler =
        scaler(with(_ -> new Decision(instances, Reason.LOAD, "")), "mine.example");

    assertThat(scaler.policy()).isEqualTo("mine.example");
    assertThat(scaler.decide(seen(START, 0, 0, 1)).instances()).isBetween(1, 10);
    assertThat(scaler.policy()).isEqualTo(ScalingPolicies.KNATIVE);
    assertThat(scaler.problem().orElseThrow()).contains("it asked for " + instances);
  }

  @Test
  void policyThatThrowsIsReplacedForGood() {
    RevisionScaler scaler =
        scaler(
            with(
                _ -> {
                  throw new ArithmeticException("by zero");
                }),
            "mine.example");
    scaler.decide(seen(START, 0, 0, 1));

    assertThat(scaler.problem())
        .hasValue(
            "policy mine.example failed: java.lang.ArithmeticException: by zero; Knative's decides");
  }

  @Test
  void boundsHoldForEveryPolicy() {
    RevisionScaler scaler =
        scaler(
            with(_ -> new Decision(50, Reason.LOAD, "because")),
            "mine.example",
            "autoscaling.knative.dev/max-scale",
            "3");

    assertThat(scaler.decide(seen(START, 0, 0, 1)))
        .isEqualTo(new Decision(3, Reason.MAX_SCALE, "because"));
  }

  @Test
  void ofTwoPoliciesWithOneNameTheFirstStays() {
    ScalingPolicies twice =
        with(_ -> new Decision(1, Reason.LOAD, ""))
            .and(
                List.of(
                    with(_ -> new Decision(2, Reason.LOAD, ""))
                        .of(
                            Map.of(ScalingPolicies.CLASS, "mine.example"),
                            AutoscalerConfig.DEFAULTS)));

    assertThat(scaler(twice, "mine.example").decide(seen(START, 0, 0, 0)).instances()).isEqualTo(1);
  }

  /** Requests that come at {@code minutes} after the end of the one before. */
  private static HistogramScaler trained(int... minutes) {
    var scaler = new HistogramScaler(ScalingSettings.of(Map.of(), 1));
    Instant now = START;
    for (int idle : minutes) {
      scaler.decide(seen(now, 1, 1, 0));
      now = now.plusSeconds(1);
      scaler.decide(seen(now, 1, 0, 0));
      now = now.plus(Duration.ofMinutes(idle)).plusSeconds(5);
    }
    scaler.decide(seen(now, 1, 1, 0));
    return scaler;
  }

  private static int[] times(int count, int minutes) {
    int[] all = new int[count];
    Arrays.fill(all, minutes);
    return all;
  }

  @Test
  void histogramComesBackBeforeTheNextRequestIsLikely() {
    HistogramScaler scaler = trained(times(50, 30));
    assertThat(scaler.windows())
        .isEqualTo(
            new HistogramScaler.Windows(
                Duration.ofMinutes(27), Duration.ofSeconds(Math.round(31 * 1.1 * 60)), true));

    Instant idle = START.plus(Duration.ofDays(3));
    assertThat(scaler.decide(seen(idle, 1, 0, 0)).instances()).as("goes at once").isZero();
    Instant back = idle.plus(Duration.ofMinutes(27));
    assertThat(scaler.again()).hasValue(back);
    assertThat(scaler.decide(seen(back, 0, 0, 0)).reason()).isEqualTo(Reason.PRE_WARM);
    assertThat(scaler.again()).hasValue(idle.plusSeconds(2046));
    assertThat(scaler.decide(seen(idle.plusSeconds(2046), 1, 0, 0)).instances()).isZero();
    assertThat(scaler.again()).isEmpty();
  }

  @Test
  void histogramThatSaysNothingKeepsForItsRange() {
    int[] everyMinuteAlike = IntStream.range(0, 240).toArray();
    assertThat(trained(everyMinuteAlike).windows()).isEqualTo(HistogramScaler.Windows.STANDARD);
    assertThat(trained(times(10, 300)).windows()).isEqualTo(HistogramScaler.Windows.STANDARD);
    assertThat(trained().windows()).isEqualTo(HistogramScaler.Windows.STANDARD);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-01T07:54:59Z, 0, 2026-01-01T07:55:00Z",
    "2026-01-01T07:55:00Z, 2, 2026-01-01T09:00:00Z",
    "2026-01-01T09:30:00Z, 5, 2026-01-01T10:00:00Z",
    "2026-01-02T18:00:00Z, 0, 2026-01-03T09:00:00Z",
    "2026-01-04T01:00:00Z, 1, 2026-01-04T02:00:00Z",
    "2026-01-04T03:00:00Z, 0, 2026-01-04T09:00:00Z",
  })
  void timetableKnowsWhatIsWantedAndWhenThatChanges(Instant now, int wanted, Instant next) {
    Timetable table = Timetable.parse("Mon-Fri 07:55-18:00 2; 09:00-10:00 5; Sat 22:00-02:00 1");

    assertThat(table.at(now)).isEqualTo(wanted);
    assertThat(table.nextChange(now)).hasValue(next);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Mon", "8:00-9:00 1", "Mon 08:00-09:00", "Foo 08:00-09:00 1", "24:00-25:00 1"})
  void timetableThatCannotBeReadIsNamed(String text) {
    RevisionScaler scaler =
        scaler(ScalingPolicies.BUILT_IN, ScalingPolicies.SCHEDULE, SkepAnnotations.PRE_WARM, text);

    assertThat(scaler.problem().orElseThrow()).contains(SkepAnnotations.PRE_WARM, "expected");
  }

  @Test
  void scheduleWarmsWhatNobodyHasAskedForYet() {
    RevisionScaler scaler =
        scaler(
            ScalingPolicies.BUILT_IN,
            ScalingPolicies.SCHEDULE,
            SkepAnnotations.PRE_WARM,
            "Thu 08:00-09:00 2");
    scaler.decide(seen(START, 0, 0, 0));
    assertThat(scaler.again()).isEqualTo(Optional.of(START.plusSeconds(8 * 3600)));

    Decision then = scaler.decide(seen(START.plusSeconds(8 * 3600), 0, 0, 0));
    assertThat(then.instances()).isEqualTo(2);
    assertThat(then.reason()).isEqualTo(Reason.PRE_WARM);
  }

  @Test
  void configMapIsReadWithKnativesRanges() {
    AutoscalerConfig config =
        AutoscalerConfig.of(
            Map.of("stable-window", "30s", "container-concurrency-target-percentage", "0.8"));
    assertThat(config.stableWindow()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.concurrencyUtilization()).isEqualTo(0.8);
    AutoscalerConfig limited =
        AutoscalerConfig.of(Map.of("max-scale-limit", "5", "max-scale", "2"));
    var wish = Map.of("autoscaling.knative.dev/max-scale", "9");
    assertThat(ScalingSettings.of(wish, 0, limited).bounds().max()).isEqualTo(5);

    assertThatThrownBy(() -> AutoscalerConfig.of(Map.of("stable-window", "3s")))
        .isInstanceOf(SkepException.class)
        .hasMessage(
            "config-autoscaler: stable-window: PT3S (expected: 6s to 1h, in whole seconds)");
    assertThatThrownBy(() -> AutoscalerConfig.of(Map.of("max-scale-limit", "5")))
        .hasMessageContaining("max-scale: 0 (expected: 1 to max-scale-limit)");
  }
}
