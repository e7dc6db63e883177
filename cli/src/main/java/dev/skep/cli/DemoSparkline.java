package dev.skep.cli;

import java.util.Arrays;

/** A line of bars, one for each stretch of time. */
final class DemoSparkline {
  private static final String BARS = "▁▂▃▄▅▆▇█";

  private DemoSparkline() {}

  /** Nothing at all is {@code ·}; the largest value is a full bar. */
  static String of(int... values) {
    int most = Math.max(1, Arrays.stream(values).max().orElse(1));
    var line = new StringBuilder();
    for (int value : values) {
      line.append(value <= 0 ? '·' : BARS.charAt(Math.ceilDiv(value * BARS.length(), most) - 1));
    }
    return line.toString();
  }
}
