package dev.skep.cli;

import java.util.Locale;

/**
 * A ratio and what it is to reach.
 *
 * @param atMost whether reaching it means to stay below
 * @param why what bounds it, with the measurement that shows it; empty where it is reached
 */
record BenchBound(String what, double measured, double reach, boolean atMost, String why) {
  boolean reached() {
    return atMost ? measured <= reach : measured >= reach;
  }

  String reachText() {
    return String.format(Locale.ROOT, "%s %.2f", atMost ? "≤" : "≥", reach);
  }

  String measuredText() {
    return String.format(Locale.ROOT, "%.2f", measured);
  }
}
