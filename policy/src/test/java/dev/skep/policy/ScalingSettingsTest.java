package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skep.api.GoDuration;
import dev.skep.api.SkepException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ScalingSettingsTest {
  private static final String PREFIX = "autoscaling.knative.dev/";

  @Test
  void defaultsAreKnatives() {
    assertThat(ScalingSettings.of(Map.of(), 0))
        .isEqualTo(
            new ScalingSettings(
                new ScalingTarget(ScalingTarget.Metric.CONCURRENCY, 70, 100, 70, 211),
                new ScalingSettings.Bounds(0, 0, 1, 0),
                new ScalingSettings.Windows(
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(6),
                    2,
                    LoadWindow.Aggregation.LINEAR),
                new ScalingSettings.Rates(1000, 2, Duration.ZERO),
                new ScalingSettings.ToZero(
                    true, Duration.ofSeconds(30), Duration.ZERO, Duration.ofSeconds(630))));
  }

  @ParameterizedTest
  @CsvSource({
    "0,,70",
    "10,,7",
    "1,,0.7",
    "0,50,35",
    "10,50,7",
    "10,5,3.5",
    "0,0.01,0.01",
  })
  void targetIsTheLowerOfLimitAndAnnotationTimesUtilization(
      int limit, String target, double expected) {
    Map<String, String> annotations = target == null ? Map.of() : Map.of(PREFIX + "target", target);

    assertThat(ScalingSettings.of(annotations, limit).target().value())
        .isCloseTo(expected, within(1e-9));
  }

  @Test
  void utilizationReplacesSeventyPercent() {
    var annotations = Map.of(PREFIX + "target-utilization-percentage", "90");

    assertThat(ScalingSettings.of(annotations, 10).target().value()).isCloseTo(9, within(1e-9));
  }

  @Test
  void oldSpellingsAreRead() {
    var annotations = Map.of(PREFIX + "minScale", "2", PREFIX + "initialScale", "5");

    assertThat(ScalingSettings.of(annotations, 0).bounds().min()).isEqualTo(2);
    assertThat(ScalingSettings.of(annotations, 0).initialScale()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource({"target,many", "min-scale,-1", "max-scale,1.5", "window,60", "window,-1s"})
  void whatCannotBeReadIsNamed(String name, String value) {
    assertThatThrownBy(() -> ScalingSettings.of(Map.of(PREFIX + name, value), 0))
        .isInstanceOf(SkepException.class)
        .hasMessageContaining(PREFIX + name)
        .hasMessageContaining("'" + value + "'")
        .hasMessageContaining("expected");
  }

  @ParameterizedTest
  @CsvSource({"60s,60000", "1m30s,90000", "0.5h,1800000", "250ms,250", "0,0", "1h2m3s,3723000"})
  void goDurationsAreRead(String text, long millis) {
    assertThat(GoDuration.parse(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "1", "1d", "-1s", "1s ", "1s2", "99999999999999999h"})
  void otherTimesAreNot(String text) {
    assertThatThrownBy(() -> GoDuration.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
