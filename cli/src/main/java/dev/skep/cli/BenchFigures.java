package dev.skep.cli;

import java.util.Arrays;
import java.util.OptionalDouble;

/** The statistics of a benchmark; each is empty for no values. */
final class BenchFigures {
  private BenchFigures() {}

  /** Of an even number of values, the mean of the two in the middle. */
  static OptionalDouble median(double... values) {
    if (values.length == 0) {
      return OptionalDouble.empty();
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return OptionalDouble.of(
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }

  /** The mean for ratios: that of r and 1/r is 1. Values are positive. */
  static OptionalDouble geometricMean(double... values) {
    return values.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.exp(Arrays.stream(values).map(Math::log).average().orElseThrow()));
  }
}
