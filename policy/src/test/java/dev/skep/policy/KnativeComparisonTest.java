package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Random revisions and loads through Knative's own code ({@code testbed/autoscaler}) and through
 * ours: settings, averages and decisions are the same, all of them.
 */
@Tag("integration")
final class KnativeComparisonTest {
  private static final long SEED = 1;
  private static final int TRACES = 500;

  @Test
  void decidesAsKnativeDoes() throws Exception {
    compare(SEED);
  }

  /** {@code -Dskep.seed=N} repeats one. */
  @Test
  void decidesAsKnativeDoesForAnotherSeedEachTime() throws Exception {
    compare(Long.getLong("skep.seed", System.currentTimeMillis() % 1_000_000_000 + 1_000_000));
  }

  private static void compare(long seed) throws IOException, InterruptedException {
    Path original = original();
    Process process =
        new ProcessBuilder(original.toString(), Long.toString(seed), Integer.toString(TRACES))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int decisions = 0;
    int traces = 0;
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        decisions += new Trace(JsonMapper.shared().readTree(line)).compare();
        traces++;
      }
    }
    assertThat(process.waitFor()).as("exit status of %s", original).isZero();
    assertThat(traces).isEqualTo(TRACES);
    assertThat(decisions).isGreaterThan(20 * TRACES);
  }

  /** Built once, which takes minutes; without Go or its modules the test is skipped. */
  private static Path original() throws IOException, InterruptedException {
    Path script = Path.of("../testbed/knative").toAbsolutePath().normalize();
    Process process =
        new ProcessBuilder(script.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String path = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Assumptions.assumeTrue(
        process.waitFor(15, TimeUnit.MINUTES) && process.exitValue() == 0,
        "Knative's autoscaler cannot be had: see what testbed/knative says");
    return Path.of(path.strip());
  }

  /** One revision's history. */
  private static final class Trace {
    private final JsonNode json;
    private final Instant start;
    private final ScalingSettings settings;
    private final LoadWindow stable;
    private final LoadWindow panic;
    private final PodAutoscaler ours;
    private final String name;

    Trace(JsonNode json) {
      this.json = json;
      this.start = Instant.EPOCH.plusNanos(json.path("startNanos").asLong());
      this.settings =
          ScalingSettings.of(
              map(json.path("annotations")),
              json.path("containerConcurrency").asInt(),
              AutoscalerConfig.of(map(json.path("config"))));
      this.stable = settings.windows().stableWindow();
      this.panic = settings.windows().panicWindow();
      this.ours = new PodAutoscaler(settings, start, json.path("initialReady").asInt());
      this.name =
          " of seed %d with %s, %s"
              .formatted(json.path("seed").asLong(), json.path("annotations"), json.path("config"));
    }

    private static Map<String, String> map(JsonNode node) {
      var map = new HashMap<String, String>();
      node.properties().forEach(entry -> map.put(entry.getKey(), entry.getValue().asString()));
      return map;
    }

    /** How many decisions were the same: all, or it fails. */
    int compare() {
      compareSettings(json.path("spec"));
      int decisions = 0;
      for (JsonNode step : json.path("steps")) {
        Instant now = start.plusNanos(step.path("t").asLong());
        if (step.path("report").asBoolean()) {
          var second =
              new LoadSecond(
                  now, step.path("concurrency").asDouble(), step.path("requests").asDouble());
          stable.record(now, settings.target().of(second));
          panic.record(now, settings.target().of(second));
        }
        if (step.path("decide").asBoolean()) {
          compareDecision(step, now);
          decisions++;
        }
      }
      return decisions;
    }

    private void compareSettings(JsonNode spec) {
      assertThat(settings.target().value()).as(as("target")).isEqualTo(real(spec, "TargetValue"));
      assertThat(settings.target().total()).as(as("total")).isEqualTo(real(spec, "TotalValue"));
      assertThat(settings.target().burst())
          .as(as("target-burst-capacity"))
          .isEqualTo(real(spec, "TargetBurstCapacity"));
      assertThat(settings.target().metric().name().toLowerCase(Locale.ROOT))
          .as(as("metric"))
          .isEqualTo(spec.path("ScalingMetric").asString());
      assertThat(settings.rates())
          .as(as("rates"))
          .isEqualTo(
              new ScalingSettings.Rates(
                  real(spec, "MaxScaleUpRate"),
                  real(spec, "MaxScaleDownRate"),
                  Duration.ofNanos(spec.path("ScaleDownDelay").asLong())));
      assertThat(settings.windows().panicThreshold())
          .as(as("panic-threshold"))
          .isEqualTo(real(spec, "PanicThreshold"));
      assertThat(settings.windows().stable())
          .as(as("window"))
          .isEqualTo(Duration.ofNanos(spec.path("StableWindow").asLong()));
      assertThat(settings.windows().panic())
          .as(as("panic window"))
          .isEqualTo(Duration.ofNanos(json.path("panicWindow").asLong()));
      assertThat(settings.bounds().initial())
          .as(as("initial-scale"))
          .isEqualTo(spec.path("InitialScale").asInt());
      assertThat(settings.bounds().activation())
          .as(as("activation-scale"))
          .isEqualTo(spec.path("ActivationScale").asInt());
    }

    private void compareDecision(JsonNode step, Instant now) {
      boolean valid = !stable.isEmpty(now) || settings.target().burst() < 0;
      assertThat(valid).as(as("valid", step)).isEqualTo(step.path("valid").asBoolean());
      if (!valid) {
        return;
      }
      double overStable = stable.average(now);
      double overPanic = panic.average(now);
      compareAverage(overStable, real(step, "stable"), as("stable average", step));
      compareAverage(overPanic, real(step, "panic"), as("panic average", step));
      PodAutoscaler.Result result =
          ours.scale(
              now,
              step.path("ready").asInt(),
              step.path("reachable").asBoolean(),
              overStable,
              overPanic);
      assertThat(result.desired()).as(as("desired", step)).isEqualTo(step.path("desired").asInt());
      assertThat(result.excessBurst())
          .as(as("excess burst capacity", step))
          .isEqualTo(step.path("excessBurst").asInt());
    }

    /** The last bit of a power depends on who computes it: weights are powers. */
    private void compareAverage(double found, double expected, String what) {
      if (settings.windows().aggregation() == LoadWindow.Aggregation.LINEAR) {
        assertThat(found).as(what).isEqualTo(expected);
      } else {
        assertThat(found).as(what).isCloseTo(expected, within(1e-9 * Math.max(1, expected)));
      }
    }

    private static double real(JsonNode node, String name) {
      return node.path(name).asDouble();
    }

    private String as(String what) {
      return what + name;
    }

    private String as(String what, JsonNode step) {
      return as(what) + " at " + Duration.ofNanos(step.path("t").asLong());
    }
  }
}
