package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skep.sandbox.Phase;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchReportTest {
  private static final BenchFunction JSON = BenchFunction.named(List.of("json")).getFirst();

  private static BenchStart start(BenchPlan plan, boolean cold, double exec, long faults) {
    Map<Phase, Double> phases =
        Map.of(Phase.SNAPSHOT_LOAD, 100.0, Phase.EXEC, exec, Phase.RESPONSE_WRITE, 1.0);
    return new BenchStart(
        "json", plan, cold, 1, "/?size=7", 101 + exec, phases, 1000, 4, 6, faults, 2, 90);
  }

  private static BenchBurst burst(BenchPlan plan, int restores, double wall, long memory) {
    return new BenchBurst(
        "json", plan, restores, wall, 400, 500L * restores, memory, 8 << 20, 20 << 20);
  }

  private static BenchResult result(List<BenchBurst> bursts) {
    return new BenchResult(
        Map.of("microVMs", "qemu <7.2>"),
        List.of(JSON),
        List.of(BenchPlan.FILE, BenchPlan.LAZY, BenchPlan.REAP),
        1,
        List.of(
            start(BenchPlan.FILE, true, 300, -1),
            start(BenchPlan.LAZY, true, 700, 900),
            start(BenchPlan.REAP, true, 100, 20),
            start(BenchPlan.REAP, false, 60, 20)),
        List.of(new BenchSet("json", 1000, 4_096_000, 256 << 20, 5, 5)),
        bursts);
  }

  private static BenchBound bound(List<BenchBound> bounds, String what) {
    return bounds.stream().filter(bound -> bound.what().contains(what)).findFirst().orElseThrow();
  }

  @Test
  void comparesWithTheBoundsAndSaysWhatKeepsThemFromBeingReached() {
    List<BenchBound> bounds = BenchBounds.of(result(List.of()));

    BenchBound cold = bound(bounds, "with a cold page cache / the same");
    assertThat(cold.measured()).isEqualTo(1.25, within(1e-9)); // to the first byte
    assertThat(cold.reached()).isFalse();
    assertThat(cold.why()).contains("exec", "40 ms");
    BenchBound lazy = bound(bounds, "lazy");
    assertThat(lazy.measured()).isEqualTo(4, within(1e-9));
    assertThat(lazy.reached()).isTrue();
    assertThat(lazy.why()).isEmpty();
    assertThat(bound(bounds, "faults left").measured()).isEqualTo(2, within(1e-9));
    assertThat(bound(bounds, "O_DIRECT").measured()).isEqualTo(1, within(1e-9));
    assertThat(bounds).as("no set is large, nothing was restored at once").hasSize(4);
  }

  @Test
  void comparesManyRestoresWithTheCpuTimeOfOneAndOneMoreCloneWithWhatItNeeds() {
    List<BenchBurst> bursts =
        List.of(
            burst(BenchPlan.FILE, 1, 500, 28 << 20),
            burst(BenchPlan.REAP, 1, 500, 30 << 20),
            burst(BenchPlan.REAP, 4, 4000.0 / BenchHost.cores(), 30 << 20));
    List<BenchBound> bounds = BenchBounds.of(result(bursts));

    assertThat(bound(bounds, "4 restores at once").measured()).isEqualTo(2, within(1e-9));
    assertThat(bound(bounds, "one more clone").measured()).isZero();
  }

  @Test
  void writesARowForEachStartWithAColumnForEachPhase() {
    String csv = BenchCsv.starts(result(List.of()).starts());

    List<String> lines = csv.lines().toList();
    List<String> header = Arrays.asList(lines.getFirst().split(",", -1));
    assertThat(lines).hasSize(5);
    for (Phase phase : Phase.values()) {
      assertThat(header).contains(phase.label() + "_ms");
    }
    List<String> lazy = Arrays.asList(lines.get(2).split(",", -1));
    assertThat(lazy).hasSameSizeAs(header).startsWith("json", "lazy", "cold", "1", "/?size=7");
    assertThat(lazy.get(header.indexOf("first_byte_ms"))).isEqualTo("800.000");
    assertThat(lazy.get(header.indexOf("exec_ms"))).isEqualTo("700.000");
    assertThat(lazy.get(header.indexOf("demand_faults"))).isEqualTo("900");
    assertThat(lines.get(1).split(",", -1)[header.indexOf("demand_faults")]).isEmpty();
  }

  @Test
  void writesOnePageThatNeedsNothingElse() {
    BenchResult result = result(List.of(burst(BenchPlan.REAP, 1, 500, 30 << 20)));
    String page = BenchPage.of(result, BenchBounds.of(result));

    assertThat(page)
        .doesNotContain("http://", "https://", "src=", "<link", "<script", "url(")
        .contains("<svg", "qemu &lt;7.2&gt;", "missed", "geometric mean", "4.00")
        .contains("REAP answers 2.00 times as fast as a vanilla restore");
  }

  @Test
  void tellsTheGuestsMemoryFromTheRestOfItsVmm() {
    List<String> smaps =
        List.of(
            "7f00-7f10 rw-p 00000000 fe:00 12 /s/memory",
            "Size:              1024 kB",
            "Pss:                 60 kB",
            "Private_Clean:       30 kB",
            "Private_Dirty:       20 kB",
            "7f20-7f30 rw-p 00000000 00:00 0 [heap]",
            "Size:               512 kB",
            "Pss:                100 kB",
            "Private_Clean:        8 kB",
            "Private_Dirty:       90 kB");

    assertThat(VmmProcess.memory(smaps, 1024 << 10))
        .isEqualTo(new VmmProcess.Memory(160 << 10, 20 << 10, 90 << 10));
  }
}
