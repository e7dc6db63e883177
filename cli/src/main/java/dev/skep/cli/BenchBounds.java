package dev.skep.cli;

import dev.skep.sandbox.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Compares what was measured with what a restore should reach; leaves out what was not measured.
 */
final class BenchBounds {
  /** From here on a set is large: what its pages cost shows beside what every start costs. */
  private static final long LARGE_BYTES = 30_000_000;

  private final BenchResult result;
  private final List<BenchBound> bounds = new ArrayList<>();

  private BenchBounds(BenchResult result) {
    this.result = result;
  }

  static List<BenchBound> of(BenchResult result) {
    var bounds = new BenchBounds(result);
    bounds.coldAgainstWarm();
    bounds.againstDemandPaging();
    bounds.faultsLeft();
    bounds.install();
    bounds.atOnce();
    bounds.memory();
    return bounds.bounds;
  }

  private void add(String what, OptionalDouble measured, double reach, boolean atMost, String why) {
    if (measured.isPresent()) {
      var bound = new BenchBound(what, measured.getAsDouble(), reach, atMost, why);
      bounds.add(
          bound.reached()
              ? new BenchBound(what, measured.getAsDouble(), reach, atMost, "")
              : bound);
    }
  }

  private void coldAgainstWarm() {
    add(
        "reap with a cold page cache / the same with all in the page cache, geometric mean",
        BenchFigures.geometricMean(result.ratios(BenchPlan.REAP, true, BenchPlan.REAP, false)),
        1.10,
        true,
        grown());
  }

  /** The phase that grew most between warm and cold, of all functions together. */
  private String grown() {
    return Arrays.stream(Phase.values())
        .max(Comparator.comparingDouble(this::growth))
        .map(
            phase ->
                String.format(
                    Locale.ROOT,
                    "most of the difference is %s: %.0f ms more per start, cold",
                    phase.label(),
                    growth(phase)))
        .orElse("");
  }

  private double growth(Phase phase) {
    return mean(BenchPlan.REAP, true, phase) - mean(BenchPlan.REAP, false, phase);
  }

  private double mean(BenchPlan plan, boolean cold, Phase phase) {
    return result.functions().stream()
        .map(function -> result.median(function.name(), plan, cold, start -> start.phase(phase)))
        .filter(OptionalDouble::isPresent)
        .mapToDouble(OptionalDouble::getAsDouble)
        .average()
        .orElse(0);
  }

  private void againstDemandPaging() {
    String what = "lazy (demand paging without read-ahead) / reap, both cold, geometric mean";
    add(
        what,
        BenchFigures.geometricMean(result.ratios(BenchPlan.LAZY, true, BenchPlan.REAP, true)),
        2.5,
        false,
        notPaging());
    List<BenchFunction> large =
        result.functions().stream()
            .filter(function -> set(function).filter(set -> set.bytes() > LARGE_BYTES).isPresent())
            .toList();
    add(
        what + ", sets over 30 MB",
        BenchFigures.geometricMean(
            result.ratios(large, BenchPlan.LAZY, true, BenchPlan.REAP, true)),
        3.7,
        false,
        notPaging());
  }

  private Optional<BenchSet> set(BenchFunction function) {
    return result.sets().stream().filter(set -> set.function().equals(function.name())).findFirst();
  }

  /** What it would be if paging cost nothing. */
  private String notPaging() {
    OptionalDouble most =
        BenchFigures.geometricMean(result.ratios(BenchPlan.LAZY, true, BenchPlan.REAP, false));
    double floor =
        Arrays.stream(Phase.values())
            .mapToDouble(phase -> mean(BenchPlan.REAP, false, phase))
            .sum();
    return String.format(
        Locale.ROOT,
        "against a reap with everything in the page cache it is %.2f: no paging shortens the %.0f ms"
            + " that such a restore takes, %.0f ms of them in the function and %.0f ms until its"
            + " agent answers",
        most.orElse(0),
        floor,
        mean(BenchPlan.REAP, false, Phase.EXEC),
        mean(BenchPlan.REAP, false, Phase.CONNECT));
  }

  private void faultsLeft() {
    double faults = 0;
    double pages = 0;
    double worst = -1;
    String name = "";
    for (BenchFunction function : result.functions()) {
      OptionalDouble left =
          result.median(function.name(), BenchPlan.REAP, true, BenchStart::demandFaults);
      Optional<BenchSet> set = set(function);
      if (left.isPresent() && set.isPresent()) {
        faults += left.getAsDouble();
        pages += set.get().pages();
        if (left.getAsDouble() > worst) {
          worst = left.getAsDouble();
          name = function.name();
        }
      }
    }
    add(
        "demand faults left after reap, in % of the recorded sets",
        pages == 0 ? OptionalDouble.empty() : OptionalDouble.of(100 * faults / pages),
        3,
        true,
        String.format(
            Locale.ROOT,
            "pages that the recorded start did not touch; most of them are of %s: %.0f",
            name,
            worst));
  }

  private void install() {
    var ratios = new ArrayList<Double>();
    double fetch = 0;
    double install = 0;
    double read = 0;
    double copy = 0;
    for (BenchSet set : result.sets()) {
      OptionalDouble fetched =
          result.median(set.function(), BenchPlan.REAP, true, BenchStart::fetchMillis);
      OptionalDouble installed =
          result.median(set.function(), BenchPlan.REAP, true, BenchStart::installMillis);
      if (fetched.isPresent() && installed.isPresent()) {
        fetch += fetched.getAsDouble();
        install += installed.getAsDouble();
        read += set.readMillis();
        copy += set.copyMillis();
        ratios.add(
            (fetched.getAsDouble() + installed.getAsDouble())
                / (set.readMillis() + set.copyMillis()));
      }
    }
    add(
        "reading and installing a set / one O_DIRECT read and memcpy of as many bytes",
        BenchFigures.geometricMean(ratios.stream().mapToDouble(Double::doubleValue).toArray()),
        1.5,
        true,
        String.format(
            Locale.ROOT,
            "of all functions together: fetch %.1f ms against a read of %.1f ms; install %.1f ms"
                + " against a copy of %.1f ms, which allocates no page and changes no page table",
            fetch,
            read,
            install,
            copy));
  }

  private Optional<BenchBurst> burst(BenchPlan plan, boolean largest) {
    Comparator<BenchBurst> bySize = Comparator.comparingInt(BenchBurst::restores);
    return result.bursts().stream()
        .filter(burst -> burst.plan() == plan)
        .max(largest ? bySize : bySize.reversed());
  }

  private void atOnce() {
    Optional<BenchBurst> one = burst(BenchPlan.REAP, false);
    Optional<BenchBurst> many = burst(BenchPlan.REAP, true);
    if (one.isEmpty() || many.isEmpty() || one.equals(many)) {
      return;
    }
    int count = many.get().restores();
    double ideal = (double) count * one.get().cpuMillis() / BenchHost.cores();
    add(
        count + " restores at once / " + count + " times the CPU time of one, on all cores",
        OptionalDouble.of(many.get().wallMillis() / ideal),
        1.3,
        true,
        String.format(
            Locale.ROOT,
            "%.0f ms for %d; one takes %d ms of CPU alone and %d ms among the others, on %d cores"
                + " that others may use too",
            many.get().wallMillis(),
            count,
            one.get().cpuMillis(),
            many.get().cpuMillis() / count,
            BenchHost.cores()));
  }

  private void memory() {
    Optional<BenchBurst> one = burst(BenchPlan.REAP, false);
    Optional<BenchBurst> many = burst(BenchPlan.REAP, true);
    Optional<BenchBurst> vanilla = burst(BenchPlan.FILE, true);
    if (vanilla.isEmpty() || one.isEmpty() || many.isEmpty() || one.equals(many)) {
      return;
    }
    double next =
        (double) (many.get().proportionalBytes() - one.get().proportionalBytes())
            / (many.get().restores() - one.get().restores());
    long needed = vanilla.get().ownGuestBytes() + many.get().ownRestBytes();
    add(
        "memory of one more clone / pages that it wrote and private memory of its VMM",
        OptionalDouble.of(next / needed),
        1.2,
        true,
        String.format(
            Locale.ROOT,
            "a clone of reap has %s of guest memory of its own, because what is installed is"
                + " copied; one of file, which shares what it only reads, has %s; the VMM has %s",
            Times.bytes(many.get().ownGuestBytes()),
            Times.bytes(vanilla.get().ownGuestBytes()),
            Times.bytes(many.get().ownRestBytes())));
  }
}
