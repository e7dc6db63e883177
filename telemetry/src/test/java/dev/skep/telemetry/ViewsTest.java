package dev.skep.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder.Span;
import dev.skep.sandbox.StartFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ViewsTest {
  private static final long MS = 1_000_000;

  private static ColdStart start(Optional<StartFailure> failure) {
    return new ColdStart(
        "s1",
        "i1",
        "default",
        "hello",
        "hello-00001",
        "boot",
        "there is no snapshot yet",
        "kpa: LOAD, one waits",
        Optional.of("r1"),
        Optional.empty(),
        Instant.parse("2026-01-01T00:00:00Z"),
        Duration.ofMillis(200),
        List.of(
            new Span(Phase.QUEUE, 0, 10 * MS),
            new Span(Phase.GUEST_BOOT, 10 * MS, 100 * MS),
            new Span(Phase.GUEST_BOOT, 110 * MS, 50 * MS),
            new Span(Phase.EXEC, 160 * MS, 40 * MS)),
        3,
        failure);
  }

  private static String written(Metrics metrics) throws IOException {
    var out = new ByteArrayOutputStream();
    metrics.write(out);
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void expositionHasStartsPhasesGaugesBuildAndJvm() throws IOException {
    var metrics = new Metrics("1.2.3");
    var starts = new ColdStarts(10, metrics);
    starts.add(start(Optional.empty()), 0);
    starts.add(start(Optional.of(StartFailure.of(StartFailure.Reason.HOST, "no"))), 0);
    metrics.gauge("skep_instances", "Instances", "state", () -> Map.of("ready", 7));
    metrics.gauge("skep_parked_requests", "Parked", () -> 4);

    assertThat(written(metrics))
        .contains("skep_build_info{java=\"" + Runtime.version() + "\",version=\"1.2.3\"} 1")
        .contains("skep_starts_total{outcome=\"ready\",reason=\"\"} 1.0")
        .contains("skep_starts_total{outcome=\"failed\",reason=\"HOST\"} 1.0")
        .contains("skep_start_phase_seconds_count{phase=\"guest.boot\"} 1")
        .contains("skep_start_phase_seconds_sum{phase=\"guest.boot\"} 0.15")
        .contains("skep_start_seconds_bucket{le=\"0.25\"} 1")
        .contains("skep_instances{state=\"ready\"} 7.0")
        .contains("skep_parked_requests 4.0")
        .contains("jvm_memory_used_bytes");
  }

  @Test
  void canBeReadAgainAndAgain() throws IOException {
    var metrics = new Metrics("1");
    written(metrics);

    assertThat(written(metrics)).contains("jvm_memory_used_bytes");
  }
}
