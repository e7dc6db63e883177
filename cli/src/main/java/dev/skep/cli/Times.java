package dev.skep.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/** Durations as people read them. */
final class Times {
  private Times() {}

  /** {@code 430 us}, {@code 1.23 ms}, {@code 412 ms}, {@code 3.21 s}. */
  static String precise(long nanos) {
    double micros = nanos / 1e3;
    if (micros < 1000) {
      return Math.round(micros) + " us";
    }
    double millis = nanos / 1e6;
    if (millis < 1000) {
      return String.format(
          Locale.ROOT, millis < 10 ? "%.2f ms" : millis < 100 ? "%.1f ms" : "%.0f ms", millis);
    }
    return String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
  }

  /** {@code 42s}, {@code 5m}, {@code 3h}, {@code 12d}: the age of something. */
  static String age(String instant, Instant now) {
    Instant then;
    try {
      then = instant(instant);
    } catch (DateTimeException | NumberFormatException e) {
      return "?";
    }
    long seconds = Math.max(0, Duration.between(then, now).toSeconds());
    if (seconds < 120) {
      return seconds + "s";
    }
    return seconds < 7200
        ? seconds / 60 + "m"
        : seconds < 172800 ? seconds / 3600 + "h" : seconds / 86400 + "d";
  }

  /** By hand where it is as Kubernetes writes times, because a long list has many. */
  private static Instant instant(String text) {
    if (text.length() != 20 || text.charAt(10) != 'T' || text.charAt(19) != 'Z') {
      return Instant.parse(text);
    }
    return LocalDateTime.of(
            number(text, 0, 4),
            number(text, 5, 7),
            number(text, 8, 10),
            number(text, 11, 13),
            number(text, 14, 16),
            number(text, 17, 19))
        .toInstant(ZoneOffset.UTC);
  }

  private static int number(String text, int from, int to) {
    return Integer.parseInt(text, from, to, 10);
  }

  /** An ISO-8601 duration in nanoseconds; 0 for an empty text. */
  static long nanos(String iso) {
    return iso.isEmpty() ? 0 : Duration.parse(iso).toNanos();
  }

  /** {@code 30s}, {@code 500ms}, {@code 2m}, {@code 1h} or ISO-8601. */
  static Duration parse(String text) {
    String lower = text.strip().toLowerCase(Locale.ROOT);
    try {
      if (lower.matches("\\d+ms")) {
        return Duration.ofMillis(Long.parseLong(lower.substring(0, lower.length() - 2)));
      }
      return Duration.parse(lower.startsWith("p") ? lower : "PT" + lower);
    } catch (DateTimeParseException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a duration (expected: like 500ms, 30s or 2m)", e);
    }
  }

  static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    String[] units = {"KiB", "MiB", "GiB", "TiB"};
    double value = bytes / 1024.0;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }
}
