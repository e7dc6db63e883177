package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Knative's own conformance suites, unmodified, against functions in containers. */
@Tag("integration")
class RunningConformanceTest {
  private static final Pattern ROW =
      Pattern.compile("^\\| (?<test>\\w+ Test\\w+) \\| (?<result>\\w+)", Pattern.MULTILINE);
  private static final Pattern LINE =
      Pattern.compile(
          "^(?<suite>api|runtime) +(?<test>Test\\w+) +(?<result>pass|fail|timeout|skip) ",
          Pattern.MULTILINE);

  @TempDir Path folder;
  private SkepScript skep;

  @BeforeEach
  void find() throws IOException {
    skep = SkepScript.inNewFolder();
  }

  @AfterEach
  void remove() throws IOException {
    if (skep != null) {
      skep.down();
    }
  }

  /** No more and no less: what passes more than the document says belongs into it. */
  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void comesToWhatTheDocumentSays() throws Exception {
    Map<String, String> expected = documented(skep.root().resolve("docs/conformance.md"));
    assertThat(expected).isNotEmpty();
    Assumptions.assumeTrue(run(10, "testbed/suites") == 0, () -> "testbed/suites: " + output());

    run(10, "testbed/conformance", "--sandbox", "container");

    assertThat(scores(output())).as(output()).isEqualTo(expected);
  }

  private static Map<String, String> documented(Path page) throws IOException {
    var rows = new TreeMap<String, String>();
    Matcher row = ROW.matcher(Files.readString(page));
    while (row.find()) {
      rows.put(row.group("test"), row.group("result"));
    }
    return rows;
  }

  private static Map<String, String> scores(String output) {
    var scores = new TreeMap<String, String>();
    Matcher line = LINE.matcher(output);
    while (line.find()) {
      scores.put(line.group("suite") + " " + line.group("test"), line.group("result"));
    }
    return scores;
  }

  private int run(int minutes, String... command) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).directory(skep.root().toFile());
    builder.environment().put("SKEP_NO_BUILD", "1");
    Process process =
        builder.redirectErrorStream(true).redirectOutput(folder.resolve("output").toFile()).start();
    if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
      process.destroy(); // it cleans up
      throw new AssertionError(command[0] + " did not end: " + output());
    }
    return process.exitValue();
  }

  private String output() {
    try {
      return Files.readString(folder.resolve("output"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
