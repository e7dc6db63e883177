package dev.skep.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronScheduleTest {
  private static String next(String schedule, String after, String zone) {
    return CronSchedule.parse(schedule)
        .next(Instant.parse(after), ZoneId.of(zone))
        .map(Instant::toString)
        .orElse("never");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "* * * * * | 2026-01-01T00:00:00Z | UTC | 2026-01-01T00:01:00Z",
        "* * * * * | 2026-01-01T00:00:59.9Z | UTC | 2026-01-01T00:01:00Z",
        "*/15 * * * * | 2026-01-01T00:50:00Z | UTC | 2026-01-01T01:00:00Z",
        "5/20 * * * * | 2026-01-01T00:26:00Z | UTC | 2026-01-01T00:45:00Z",
        "10 * * * * * | 2026-01-01T00:00:10Z | UTC | 2026-01-01T00:01:10Z",
        "0 9 * * mon-fri | 2026-01-02T10:00:00Z | UTC | 2026-01-05T09:00:00Z",
        "0 0 1 1 * | 2026-01-01T00:00:00Z | UTC | 2027-01-01T00:00:00Z",
        "0 0 29 feb ? | 2026-01-01T00:00:00Z | UTC | 2028-02-29T00:00:00Z",
        "0 0 30 2 * | 2026-01-01T00:00:00Z | UTC | never",
        // either day, where both are named
        "0 0 13 * 5 | 2026-01-03T00:00:00Z | UTC | 2026-01-09T00:00:00Z",
        "0 0 13 * 5 | 2026-01-09T00:00:00Z | UTC | 2026-01-13T00:00:00Z",
        "@hourly | 2026-01-01T00:30:00Z | UTC | 2026-01-01T01:00:00Z",
        "@daily | 2026-01-01T00:30:00Z | Europe/Berlin | 2026-01-01T23:00:00Z",
        "@every 90s | 2026-01-01T00:00:00.5Z | UTC | 2026-01-01T00:01:30Z",
        // the hour that is skipped, and the one that comes twice
        "30 2 * * * | 2026-03-28T12:00:00Z | Europe/Berlin | 2026-03-30T00:30:00Z",
        "30 2 * * * | 2026-10-24T12:00:00Z | Europe/Berlin | 2026-10-25T00:30:00Z",
      })
  void findsTheNextTime(String schedule, String after, String zone, String expected) {
    assertThat(next(schedule, after, zone)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "* * * * | expected 5 to 6 fields, found 4",
        "60 * * * * | out of range (expected: 0 to 59",
        "* * 0 * * | out of range (expected: 1 to 31",
        "* * * * 7 | out of range (expected: 0 to 6",
        "5-1 * * * * | out of range",
        "*/0 * * * * | out of range",
        "a * * * * | failed to parse int from 'a'",
        "1-2-3 * * * * | too many",
        "@sometimes | unrecognized descriptor",
        "@every soon | duration: 'soon'",
      })
  void refusesWhatIsNoSchedule(String schedule, String message) {
    assertThatThrownBy(() -> CronSchedule.parse(schedule))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
