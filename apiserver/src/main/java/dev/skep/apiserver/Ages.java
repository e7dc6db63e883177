package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;

/** Ages of objects as kubectl shows them ({@code apimachinery/util/duration.HumanDuration}). */
final class Ages {
  private Ages() {}

  static String of(ApiObject object, Instant now) {
    String created = object.json().at("/metadata/creationTimestamp").asString("");
    try {
      return text(Duration.between(Instant.parse(created), now));
    } catch (DateTimeException e) {
      return "<unknown>";
    }
  }

  /**
   * Two digits' worth of precision, such as {@code 119s}, {@code 3m5s}, {@code 7h12m}, {@code 2d}.
   */
  static String text(Duration age) {
    long seconds = Math.max(0, age.toSeconds());
    long minutes = seconds / 60;
    long hours = minutes / 60;
    long days = hours / 24;
    if (seconds < 120) {
      return seconds + "s";
    } else if (minutes < 10) {
      return two(minutes, "m", seconds % 60, "s");
    } else if (minutes < 180) {
      return minutes + "m";
    } else if (hours < 8) {
      return two(hours, "h", minutes % 60, "m");
    } else if (hours < 48) {
      return hours + "h";
    } else if (days < 8) {
      return two(days, "d", hours % 24, "h");
    } else if (days < 730) {
      return days + "d";
    } else if (days < 8 * 365) {
      return two(days / 365, "y", days % 365, "d");
    }
    return days / 365 + "y";
  }

  private static String two(long whole, String unit, long rest, String smaller) {
    return rest == 0 ? whole + unit : whole + unit + rest + smaller;
  }
}
