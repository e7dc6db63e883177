package dev.skep.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** All that a run measured. */
record BenchResult(
    Map<String, String> host,
    List<BenchFunction> functions,
    List<BenchPlan> plans,
    int rounds,
    List<BenchStart> starts,
    List<BenchSet> sets,
    List<BenchBurst> bursts) {

  /** The median over the rounds; empty where that was not measured. */
  OptionalDouble median(
      String function, BenchPlan plan, boolean cold, ToDoubleFunction<BenchStart> figure) {
    return BenchFigures.median(
        starts.stream()
            .filter(start -> start.function().equals(function))
            .filter(start -> start.plan() == plan && start.cold() == cold)
            .mapToDouble(figure)
            .toArray());
  }

  OptionalDouble firstByte(String function, BenchPlan plan, boolean cold) {
    return median(function, plan, cold, BenchStart::firstByteMillis);
  }

  /** For each function that has both, the first divided by the second. */
  double[] ratios(BenchPlan first, boolean firstCold, BenchPlan second, boolean secondCold) {
    return ratios(functions, first, firstCold, second, secondCold);
  }

  double[] ratios(
      List<BenchFunction> of,
      BenchPlan first,
      boolean firstCold,
      BenchPlan second,
      boolean secondCold) {
    var ratios = new ArrayList<Double>();
    for (BenchFunction function : of) {
      OptionalDouble above = firstByte(function.name(), first, firstCold);
      OptionalDouble below = firstByte(function.name(), second, secondCold);
      if (above.isPresent() && below.isPresent()) {
        ratios.add(above.getAsDouble() / below.getAsDouble());
      }
    }
    return ratios.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
