package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random histories; the seed in the name of a failed run repeats it. */
final class ConcurrencyScalerPropertiesTest {
  private static final int STEPS = 2_000;
  private static final String PREFIX = "autoscaling.knative.dev/";

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void holdsItsPromisesForEveryHistory(long seed) {
    var random = new Random(seed);
    int limit = random.nextInt(4) * 5;
    int maxScale = random.nextBoolean() ? 0 : random.nextInt(1, 20);
    int minScale = maxScale > 0 ? random.nextInt(maxScale + 1) : random.nextInt(3);
    Duration window = Duration.ofSeconds(random.nextInt(6, 60));
    var settings =
        ScalingSettings.of(
            Map.of(
                PREFIX + "min-scale",
                Integer.toString(minScale),
                PREFIX + "max-scale",
                Integer.toString(maxScale),
                PREFIX + "window",
                window.toSeconds() + "s"),
            limit);
    var scaler = new ConcurrencyScaler(settings);

    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    Instant idleSince = now;
    int ready = 0;
    int before = 0;
    int neverBelow = 0;
    Instant needed = Instant.MIN;
    for (int step = 0; step < STEPS; step++) {
      now = now.plusMillis(random.nextInt(1, 3_000));
      int inFlight = random.nextInt(3) > 0 ? 0 : random.nextInt(limit == 0 ? 300 : limit * 12);
      int waiting = random.nextInt(5) > 0 ? 0 : random.nextInt(40);
      double average = ready == 0 ? 0 : random.nextDouble() * inFlight;
      if (inFlight + waiting > 0) {
        idleSince = now;
      }
      var load = List.of(new LoadSecond(now.plusSeconds(1), average, 0));
      var seen = new Observation(now, ready, 0, inFlight, waiting, load, idleSince, true, true);
      int desired = scaler.decide(seen).instances();

      int need = (int) Math.ceil((inFlight + waiting) / settings.target().capacity() - 1e-9);
      int most = maxScale > 0 ? maxScale : Integer.MAX_VALUE;
      assertThat(desired).as("bounds").isBetween(Math.min(minScale, most), most);
      assertThat(desired)
          .as("every request finds a place")
          .isGreaterThanOrEqualTo(Math.min(need, most));
      if (need > 0) {
        needed = now;
        neverBelow = Math.max(neverBelow, need);
      }
      if (now.isAfter(idleSince.plus(window).plusSeconds(2)) && average == 0) {
        assertThat(desired).as("idle for a window").isEqualTo(minScale);
      }
      if (need == 0 && desired > Math.max(before, minScale)) {
        assertThat(average).as("grows for load alone").isPositive();
      }
      before = desired;
      ready = desired;
    }
    assertThat(needed).isAfter(Instant.MIN);
    assertThat(neverBelow).isPositive();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void peakWindowEqualsTheSlowWay(long seed) {
    var random = new Random(seed);
    var window = new PeakWindow(Duration.ofSeconds(10), Duration.ofSeconds(1));
    var all = new ArrayList<int[]>();
    long second = 0;
    for (int i = 0; i < 1_000; i++) {
      second += random.nextInt(4);
      int value = random.nextInt(50);
      all.add(new int[] {(int) second, value});
      long now = second;
      int expected =
          all.stream().filter(at -> at[0] > now - 10).mapToInt(at -> at[1]).max().orElseThrow();

      assertThat(window.record(Instant.ofEpochSecond(second), value)).isEqualTo(expected);
    }
  }
}
