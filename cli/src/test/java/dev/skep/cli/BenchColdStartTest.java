package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchColdStartTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int bench(String... args) {
    String[] words =
        Stream.concat(Stream.of("bench", "coldstart"), Stream.of(args)).toArray(String[]::new);
    return Main.execute(new Terminal(new ByteArrayOutputStream(), err, false, false), words);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void namesTheFunctionsThatThereAre() {
    assertThat(bench("--functions", "hello,jsn")).isNotZero();
    assertThat(err()).contains("function 'jsn'", "expected: hello, hello-python", "json");
  }

  @Test
  void namesThePlansThatThereAre() {
    assertThat(bench("--plans", "boot,reep")).isNotZero();
    assertThat(err()).contains("plan 'reep'", "expected: boot, file, prefetch", "reap");
  }

  @Test
  void refusesNoRounds() {
    assertThat(bench("--rounds", "0")).isNotZero();
    assertThat(err()).contains("--rounds 0 (expected: at least 1)");
  }

  @Test
  void saysWhichFolderCannotBeMade() {
    assertThat(bench("--out", "/proc/none/here")).isEqualTo(ExitCodes.USAGE);
    assertThat(err()).contains("--out /proc/none/here: cannot be made");
  }

  @Test
  void saysHowLongItTakes() {
    assertThat(BenchEstimate.before(9, List.of(BenchPlan.values()), 5, 16))
        .startsWith("540 starts of 9 functions: about ")
        .contains(" min");
  }

  @Test
  @Tag("integration")
  void measuresOneFunctionAndLeavesNothingBehind(@TempDir Path folder) throws IOException {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    SkepScript skep = SkepScript.in(folder);
    Path out = folder.resolve("out");

    SkepScript.Result bench =
        skep.run(
            "bench",
            "coldstart",
            "--state",
            folder.toString(),
            "--functions",
            "hello-python",
            "--plans",
            "boot,file,reap",
            "--rounds",
            "1",
            "--at-once",
            "2",
            "--out",
            out.toString());

    assertThat(bench.code()).as(bench.err()).isZero();
    assertThat(Files.readAllLines(out.resolve("starts.csv"))).hasSize(1 + 6);
    assertThat(Files.readAllLines(out.resolve("bursts.csv"))).hasSize(1 + 4);
    assertThat(out.resolve("report.html")).content().contains("hello-python", "<svg");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(out);
    }
    assertThat(DemoCensus.processes(folder)).noneMatch(process -> process.contains("qemu"));
  }
}
