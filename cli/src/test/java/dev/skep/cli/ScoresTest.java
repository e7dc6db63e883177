package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of {@code testbed/conformance}. */
class ScoresTest {
  private static final Path PROGRAM =
      Path.of("..").toAbsolutePath().normalize().resolve("testbed/Scores.java");

  @TempDir Path folder;

  private record Run(int status, List<String> lines) {}

  private void log(String suite, String test, String text) throws IOException {
    Path log = folder.resolve("logs").resolve(suite).resolve(test + ".log");
    Files.createDirectories(log.getParent());
    Files.writeString(log, text);
  }

  private Run run(String... page) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(PROGRAM.toString(), folder.resolve("logs").toString()));
    command.addAll(List.of(page));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    return new Run(process.waitFor(), lines);
  }

  @Test
  void tellsWhatCameOfEachTestAndWhy() throws Exception {
    log(
        "api",
        "TestGood",
        "=== RUN TestGood\n--- PASS: TestGood (1.23s)\nPASS\nexit status 0 after 12 s\n");
    log(
        "api",
        "TestBad",
        """
            bad_test.go:10: first
            --- FAIL: TestBad/part-one (0.50s)
            bad_test.go:20: not ready
        --- FAIL: TestBad (2.00s)
        exit status 1 after 2 s
        """);
    log("runtime", "TestSlow", "    slow_test.go:3: waiting\nexit status 124 after 60 s\n");
    log("runtime", "TestLate", "--- SKIP: TestLate (0.00s)\nexit status 0 after 0 s\n");

    Run run = run();

    assertThat(run.status()).isOne();
    assertThat(run.lines().stream().map(line -> line.replaceAll(" +", " ").strip()))
        .containsExactly(
            "api TestBad fail 2 s part-one: not ready",
            "api TestGood pass 12 s",
            "runtime TestLate skip 0 s",
            "runtime TestSlow timeout 60 s waiting",
            "",
            "1 pass, 1 fail, 1 timeout, 1 skip");
  }

  @Test
  void writesOneColumnOfThePageAndLeavesTheOthers() throws Exception {
    log("api", "TestGood", "--- PASS: TestGood (1.73s)\nexit status 0 after 2 s\n");
    log("api", "TestNew", "--- PASS: TestNew (0.10s)\nexit status 0 after 0 s\n");
    Path page = folder.resolve("page.md");
    Files.writeString(
        page,
        """
        before
        <!-- scores -->
        | test | container | gvisor |
        | --- | --- | --- |
        | api TestGood | fail | pass, 9 s |
        <!-- end -->
        after
        """);

    assertThat(run(page.toString(), "container").status()).isZero();

    assertThat(page)
        .hasContent(
            """
            before
            <!-- scores -->
            | test | container | gvisor |
            | --- | --- | --- |
            | api TestGood | pass, 2 s | pass, 9 s |
            | api TestNew | pass, 0 s | - |
            <!-- end -->
            after
            """);
  }
}
