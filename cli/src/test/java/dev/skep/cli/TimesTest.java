package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimesTest {
  @ParameterizedTest
  @CsvSource({
    "2026-03-01T12:00:00Z, 0s",
    "2026-03-01T11:58:01Z, 119s",
    "2026-03-01T11:58:00Z, 2m",
    "2026-03-01T10:00:01Z, 119m",
    "2026-03-01T10:00:00Z, 2h",
    "2026-02-27T12:00:01Z, 47h",
    "2026-02-27T12:00:00Z, 2d",
    "2024-02-29T12:00:00Z, 731d",
    "2026-03-01T11:59:59.500Z, 0s",
    "2026-03-01T12:00:30Z, 0s",
    "2026-02-30T12:00:00Z, ?",
    "2026-03-01T12:0x:00Z, ?",
    "yesterday, ?",
    "'', ?",
  })
  void tellsHowOldSomethingIs(String instant, String age) {
    assertThat(Times.age(instant, Instant.parse("2026-03-01T12:00:00Z"))).isEqualTo(age);
  }
}
