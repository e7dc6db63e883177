package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FirecrackerTimesTest {
  @Test
  void whatHasHappenedIsTold() {
    String line =
        """
        {"utc_timestamp_ms": 1, "api_server": {"process_startup_time_us": 5377, "process_startup_time_cpu_us": 3444}, \
        "latencies_us": {"full_create_snapshot": 0, "diff_create_snapshot": 8780, "load_snapshot": 20922, \
        "pause_vm": 400, "resume_vm": 250, "vmm_load_snapshot": 0}}
        """;

    assertThat(FirecrackerTimes.of(line))
        .isEqualTo("process 5.4 ms, its CPU 3.4 ms, load 20.9 ms, pause 0.4 ms, diff save 8.8 ms");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"latencies_us\": 7}",
        "{\"latencies_us\": {\"pause_vm\": \"x\"}}"
      })
  void whatIsNotUnderstoodIsLeftOut(String line) {
    assertThat(FirecrackerTimes.of(line)).isEmpty();
  }
}
