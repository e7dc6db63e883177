package dev.skep.api;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go and with it Kubernetes writes them: {@code 1h30m}, {@code 6s}, {@code 1.5s}. */
public final class GoDuration {
  private static final Pattern PART = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|µs|ms|s|m|h)");
  private static final Pattern WHOLE = Pattern.compile("0|(?:" + PART.pattern() + ")+");
  private static final Map<String, Long> UNIT_NANOS =
      Map.of(
          "ns",
          1L,
          "us",
          1_000L,
          "µs",
          1_000L,
          "ms",
          1_000_000L,
          "s",
          1_000_000_000L,
          "m",
          60_000_000_000L,
          "h",
          3_600_000_000_000L);
  private static final int LONGEST = 40;

  private GoDuration() {}

  /** Fails with IllegalArgumentException; negative ones are not read. */
  public static Duration parse(String text) {
    if (text.length() > LONGEST || !WHOLE.matcher(text).matches()) {
      throw new IllegalArgumentException("duration: '" + text + "' (expected: such as 1m30s)");
    }
    BigDecimal nanos = BigDecimal.ZERO;
    Matcher part = PART.matcher(text);
    while (part.find()) {
      BigDecimal unit = BigDecimal.valueOf(UNIT_NANOS.getOrDefault(part.group(2), 0L));
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(unit));
    }
    try {
      return Duration.ofNanos(nanos.toBigInteger().longValueExact());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("duration: '" + text + "' (expected: below 292 years)", e);
    }
  }

  /** As Go prints it: {@code 1h0m0s}. Whole seconds only. */
  public static String format(Duration duration) {
    long hours = duration.toHours();
    if (hours > 0) {
      return "%dh%dm%ds".formatted(hours, duration.toMinutesPart(), duration.toSecondsPart());
    }
    return duration.toMinutes() > 0
        ? "%dm%ds".formatted(duration.toMinutes(), duration.toSecondsPart())
        : duration.toSeconds() + "s";
  }
}
