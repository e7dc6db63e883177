package dev.skep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DemoReportTest {
  private static final DemoFunction HELLO = DemoFunction.all().getFirst();

  private static final Json START =
      JsonText.read(
          """
          {"total": "PT2S", "phases": [
            {"phase": "lb.queue", "startNanos": 0, "durationNanos": 100000000},
            {"phase": "guest.boot", "startNanos": 100000000, "durationNanos": 1500000000},
            {"phase": "exec", "startNanos": 1600000000, "durationNanos": 400000000}]}
          """);

  private final Terminal terminal =
      new Terminal(new ByteArrayOutputStream(), new ByteArrayOutputStream(), false, false);
  private final DemoReport report = new DemoReport(terminal, new DemoWatch.Period(0, 60));

  private static DemoLoad.Result load(int failed) {
    List<Long> latencies = LongStream.rangeClosed(1, 100).map(i -> i * 1_000_000).boxed().toList();
    Optional<String> failure = failed == 0 ? Optional.empty() : Optional.of("HTTP 503");
    return new DemoLoad.Result(latencies, failed, failure, 1_000_000_000L);
  }

  private static DemoResult result(int failed) {
    return new DemoResult(HELLO, START, "Hello World!", load(failed), 4, load(0), 20);
  }

  @Test
  void showsEveryPhaseWithTimeShareAndBar() {
    String text = report.of(result(0), new DemoTimeline(0));

    assertThat(text)
        .contains("hello, a static C program, HTTP", "2.00 s", "\"Hello World!\"")
        .containsPattern("lb\\.queue +100 ms +5% +█+·+ +request waits at the gateway")
        .containsPattern("guest\\.boot +1\\.50 s +75% +·█+·+ +guest kernel boots")
        .containsPattern("exec +400 ms +20%");
  }

  @Test
  void showsWarmLatenciesAndInstancesOverTime() {
    var timeline = new DemoTimeline(0);
    timeline.saw(0, 0);
    timeline.saw(20, 1);
    timeline.saw(40, 3);
    timeline.saw(50, 0);

    String text = report.of(result(0), timeline);

    assertThat(text)
        .containsPattern(
            "warm +p50 50\\.0 ms  p99 99\\.0 ms  \\(100 answers, 4 at a time, 100/s\\)")
        .containsPattern("instances +·{20}▃{20}█{10}·{10}  0 to 3 to 0");
  }

  @Test
  void tellsOfFailures() {
    assertThat(report.of(result(7), new DemoTimeline(0))).contains("7 failed: HTTP 503");
    assertThat(result(7).good()).isFalse();
    assertThat(result(0).good()).isTrue();
  }

  @Test
  void putsAllFunctionsBesideEachOther() {
    assertThat(report.summary(List.of(result(0))))
        .containsPattern("hello +2\\.00 s +guest\\.boot +50\\.0 ms +99\\.0 ms");
  }

  @Test
  void namesImagesAfterTheirContent() {
    assertThat(HELLO.example().image("0123abc")).isEqualTo("dev.local/hello:0123abc");
    assertThat(HELLO.calls().through(new InetSocketAddress(1), "hello", false)).isNotNull();
  }
}
