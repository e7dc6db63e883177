package dev.skep.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** What a run showed, in words. */
final class BenchVerdict {
  private BenchVerdict() {}

  static List<String> sentences(BenchResult result, List<BenchBound> bounds) {
    var sentences = new ArrayList<String>();
    faster(sentences, result, BenchPlan.BOOT, "a boot");
    faster(sentences, result, BenchPlan.LAZY, "demand paging without read-ahead (lazy)");
    faster(sentences, result, BenchPlan.FILE, "a vanilla restore (file)");
    long reached = bounds.stream().filter(BenchBound::reached).count();
    if (!bounds.isEmpty()) {
      sentences.add("%d of %d bounds are reached.".formatted(reached, bounds.size()));
    }
    return sentences;
  }

  private static void faster(
      List<String> sentences, BenchResult result, BenchPlan than, String name) {
    OptionalDouble mean =
        BenchFigures.geometricMean(result.ratios(than, true, BenchPlan.REAP, true));
    mean.ifPresent(
        times ->
            sentences.add(
                String.format(
                    Locale.ROOT,
                    "With a cold page cache, REAP answers %.2f times as fast as %s.",
                    times,
                    name)));
  }
}
