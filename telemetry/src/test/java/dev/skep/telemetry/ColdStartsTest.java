package dev.skep.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.PhaseRecorder.Span;
import dev.skep.sandbox.StartFailure;
import dev.skep.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ColdStartsTest {
  private static final long MS = 1_000_000;

  private final ManualClock clock = new ManualClock();
  private final ColdStarts starts = new ColdStarts(3, new Metrics("test"));

  /** Queue 1 ms, decision 2 ms, boot 30 ms, propagation 1 ms. */
  private long start(String instance, Optional<StartFailure> failure) {
    long origin = clock.nanoTime();
    var phases = new PhaseRecorder(clock::nanoTime, origin);
    phases.enterAt(Phase.QUEUE, origin);
    phases.enterAt(Phase.DECISION, origin + MS);
    phases.enterAt(Phase.GUEST_BOOT, origin + 3 * MS);
    phases.enterAt(Phase.PROPAGATE, origin + 33 * MS);
    phases.finishAt(origin + 34 * MS);
    starts.add(record(instance, phases, failure), origin);
    return origin;
  }

  private static ColdStart record(
      String instance, PhaseRecorder phases, Optional<StartFailure> failure) {
    return new ColdStart(
        "s-" + instance,
        instance,
        "default",
        "hello",
        "hello-00001",
        "boot",
        "there is no snapshot yet",
        "kpa: LOAD, one waits",
        Optional.empty(),
        Optional.empty(),
        ManualClock.START,
        Duration.ofNanos(phases.totalNanos()),
        phases.spans(),
        1,
        failure);
  }

  @Test
  void newestComeFirstAndTheOldestMakeRoom() {
    for (String instance : List.of("a", "b", "c", "d")) {
      start(instance, Optional.empty());
    }

    assertThat(starts.list(_ -> true, 10))
        .extracting(ColdStart::instance)
        .containsExactly("d", "c", "b");
    assertThat(starts.list(_ -> true, 1)).hasSize(1);
    assertThat(starts.list(start -> start.instance().equals("b"), 10)).hasSize(1);
    assertThat(starts.ofInstance("a")).isEmpty();
    assertThat(starts.find("s-c")).isPresent();
  }

  @Test
  void requestThatWaitedBecomesPartOfTheRecord() {
    long origin = start("a", Optional.empty());
    starts.served(
        "a",
        new WaitedRequest(
            new RequestIds("r1", Optional.of("4bf9")),
            origin,
            origin + 35 * MS,
            origin + 40 * MS,
            origin + 42 * MS));

    ColdStart joined = starts.ofInstance("a").orElseThrow();
    assertThat(joined.requestId()).hasValue("r1");
    assertThat(joined.traceId()).hasValue("4bf9");
    assertThat(joined.total()).isEqualTo(Duration.ofMillis(42));
    assertThat(joined.phases())
        .containsExactly(
            new Span(Phase.QUEUE, 0, MS),
            new Span(Phase.DECISION, MS, 2 * MS),
            new Span(Phase.GUEST_BOOT, 3 * MS, 30 * MS),
            new Span(Phase.PROPAGATE, 33 * MS, 2 * MS),
            new Span(Phase.EXEC, 35 * MS, 5 * MS),
            new Span(Phase.RESPONSE_WRITE, 40 * MS, 2 * MS));
  }

  @Test
  void requestThatCameDuringTheStartSeesOnlyItsRest() {
    long origin = start("a", Optional.empty());
    long arrived = origin + 13 * MS;
    starts.served(
        "a",
        new WaitedRequest(
            RequestIds.of("r1"), arrived, origin + 35 * MS, origin + 40 * MS, origin + 40 * MS));

    ColdStart joined = starts.ofInstance("a").orElseThrow();
    assertThat(joined.phases().getFirst()).isEqualTo(new Span(Phase.GUEST_BOOT, 0, 20 * MS));
    assertThat(joined.total()).isEqualTo(Duration.ofMillis(27));
    assertThat(joined.startedAt()).isEqualTo(ManualClock.START.plusMillis(13));
  }

  @Test
  void onlyTheFirstRequestIsJoinedAndNoneThatCameLater() {
    long origin = start("a", Optional.empty());
    long late = origin + 50 * MS;
    starts.served("a", new WaitedRequest(RequestIds.of("late"), late, late, late, late));
    assertThat(starts.ofInstance("a").orElseThrow().requestId()).isEmpty();

    long done = origin + 60 * MS;
    starts.served("a", new WaitedRequest(RequestIds.of("first"), origin, done, done, done));
    starts.served("a", new WaitedRequest(RequestIds.of("second"), origin, done, done, done));
    assertThat(starts.ofInstance("a").orElseThrow().requestId()).hasValue("first");
    starts.served("unknown", new WaitedRequest(RequestIds.of("r"), origin, done, done, done));
  }

  @Test
  void failedStartIsJoinedWithNothing() {
    var failure = StartFailure.of(StartFailure.Reason.HOST, "no memory");
    long origin = start("a", Optional.of(failure));
    starts.served("a", new WaitedRequest(RequestIds.of("r"), origin, origin, origin, origin));

    assertThat(starts.ofInstance("a").orElseThrow().requestId()).isEmpty();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void phasesNeverOverlapAndSumToTheTotalWhateverTheTimes(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      String instance = "i" + i;
      long origin = start(instance, Optional.empty());
      long arrived = origin + random.nextLong(-20 * MS, 34 * MS);
      long dispatched = arrived + random.nextLong(60 * MS);
      long first = dispatched + random.nextLong(10 * MS);
      long done = first + random.nextLong(10 * MS);
      starts.served(
          instance, new WaitedRequest(RequestIds.of("r"), arrived, dispatched, first, done));

      ColdStart joined = starts.ofInstance(instance).orElseThrow();
      assertThat(joined.requestId()).hasValue("r");
      long end = 0;
      for (Span span : joined.phases()) {
        assertThat(span.startNanos()).isEqualTo(end);
        end += span.durationNanos();
      }
      assertThat(end).isEqualTo(joined.total().toNanos());
      assertThat(joined.total().toNanos()).isGreaterThanOrEqualTo(done - arrived);
    }
  }
}
