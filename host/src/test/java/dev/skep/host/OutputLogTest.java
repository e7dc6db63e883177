package dev.skep.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputLogTest {
  private static final Instant TIME = Instant.parse("2026-11-24T17:00:00.000000012Z");

  @TempDir Path folder;

  @Test
  void linesAreInTheCriFormat() throws Exception {
    Path file = folder.resolve("x.log");
    try (var log = new OutputLog(file)) {
      log.add(output(false, false, "one", 0));
      log.add(output(true, true, "two", 0));
    }

    assertThat(Files.readAllLines(file))
        .containsExactly(
            "2026-11-24T17:00:00.000000012Z stdout F one",
            "2026-11-24T17:00:00.000000012Z stderr P two");
  }

  @Test
  void lostLinesAreCounted() throws Exception {
    Path file = folder.resolve("x.log");
    try (var log = new OutputLog(file)) {
      log.add(output(false, false, "after", 7));
    }

    assertThat(file).content().contains("skep: 7 lines lost\n");
  }

  @Test
  void onlyTheLastLinesAreRemembered() {
    try (var log = new OutputLog(folder.resolve("x.log"))) {
      for (int i = 0; i < 50; i++) {
        log.add(output(false, false, "line " + i, 0));
      }
      assertThat(log.tail()).hasSize(20).startsWith("line 30").endsWith("line 49");
    }
  }

  @Test
  void fileStaysBounded() throws Exception {
    Path file = folder.resolve("x.log");
    try (var log = new OutputLog(file)) {
      for (int i = 0; i < 40; i++) {
        log.add(output(false, false, "x".repeat(1 << 20), 0));
      }
    }

    assertThat(Files.size(file)).isLessThan(18 << 20);
    assertThat(Files.size(folder.resolve("x.log.1"))).isLessThan(18 << 20);
  }

  @Test
  void folderThatIsGoneDoesNotStopTheFunction() {
    try (var log = new OutputLog(folder.resolve("none/x.log"))) {
      log.add(output(false, false, "still here", 0));
      assertThat(log.tail()).containsExactly("still here");
    }
  }

  private static OutputLog.Line output(boolean stderr, boolean partial, String line, long dropped) {
    return new OutputLog.Line(
        stderr, TIME, partial, line.getBytes(StandardCharsets.UTF_8), dropped);
  }
}
