package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The last line of ./check, which others parse. */
class CheckSummaryTest {
  private static final Path PROGRAM = repository().resolve("testbed/CheckSummary.java");

  @TempDir Path modules;

  private record Run(int status, List<String> lines) {}

  @Test
  void countsTestsOfAllModulesAndTellsWhy() throws Exception {
    report("one", "<testcase name='works' classname='a.FirstTest'/>");
    report(
        "two",
        """
        <testcase name='breaks' classname='b.SecondTest'><failure message='expected 1'>trace</failure></testcase>
        <testcase name='waits' classname='b.SecondTest'><skipped message='no KVM'/></testcase>
        """);

    Run run = summarise("format=pass", "guest=skip:no make");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.lines())
        .containsExactly(
            "SKIPPED two SecondTest.waits: no KVM",
            "SKIPPED guest: no make",
            "FAILED  two SecondTest.breaks: expected 1",
            "2 passed, 1 failed, 2 skipped");
  }

  @Test
  void failsWhenNoTestRanAndOnAReportThatWasCutOff() throws Exception {
    report("one", "");
    Path cutOff = modules.resolve("one/target/surefire-reports/TEST-b.xml");
    Files.writeString(cutOff, "<testsuite><testc");

    Run run = summarise("format=pass");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.lines()).last().isEqualTo("1 passed, 2 failed, 0 skipped");
  }

  @Test
  void passesWhenNothingFailed() throws Exception {
    report("one", "<testcase name='works' classname='a.FirstTest'/>");

    Run run = summarise();

    assertThat(run.status()).isZero();
    assertThat(run.lines()).containsExactly("1 passed, 0 failed, 0 skipped");
  }

  private void report(String module, String cases) throws IOException {
    Path folder = modules.resolve(module).resolve("target/surefire-reports");
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("TEST-a.xml"), "<testsuite>" + cases + "</testsuite>");
  }

  private Run summarise(String... checks) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                java(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                PROGRAM.toString(),
                modules.toString()));
    command.addAll(List.of(checks));
    Path output = modules.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectErrorStream(true)
            .start();
    return new Run(process.waitFor(), Files.readAllLines(output));
  }

  private static String java() {
    return ProcessHandle.current().info().command().orElse("java");
  }

  private static Path repository() {
    return Path.of("..").toAbsolutePath().normalize();
  }
}
