package dev.skep.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PhaseRecorderTest {
  private final AtomicLong now = new AtomicLong(1_000);
  private final PhaseRecorder phases = new PhaseRecorder(now::get);

  @Test
  void enteringAPhaseEndsTheOneBefore() {
    phases.enter(Phase.NET_SETUP);
    now.addAndGet(5);
    phases.enter(Phase.GUEST_BOOT);
    now.addAndGet(7);
    phases.finish();
    assertThat(phases.spans())
        .containsExactly(
            new PhaseRecorder.Span(Phase.NET_SETUP, 0, 5),
            new PhaseRecorder.Span(Phase.GUEST_BOOT, 5, 7));
  }

  @Test
  void timeBeforeTheFirstPhaseIsNotLost() {
    now.addAndGet(3);
    phases.enter(Phase.EXEC);
    now.addAndGet(4);
    phases.finish();
    assertThat(phases.spans().getFirst()).isEqualTo(new PhaseRecorder.Span(Phase.OTHER, 0, 3));
  }

  @Test
  void nothingChangesAfterTheEnd() {
    phases.enter(Phase.EXEC);
    now.addAndGet(4);
    phases.finish();
    now.addAndGet(100);
    phases.enter(Phase.RESPONSE_WRITE);
    phases.finish();
    assertThat(phases.totalNanos()).isEqualTo(4);
    assertThat(phases.spans()).hasSize(1);
  }

  @Test
  void spansNeverOverlapAndSumToTheTotalWhateverTheOrderOfMarks() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      var recorder = new PhaseRecorder(now::get);
      for (int mark = random.nextInt(12); mark > 0; mark--) {
        now.addAndGet(random.nextInt(10));
        recorder.enterAt(
            Phase.values()[random.nextInt(Phase.values().length)],
            now.get() + random.nextInt(21) - 10);
      }
      recorder.finishAt(now.get() + random.nextInt(5));
      long at = 0;
      for (PhaseRecorder.Span span : recorder.spans()) {
        assertThat(span.startNanos()).as("seed %d", seed).isEqualTo(at);
        assertThat(span.durationNanos()).as("seed %d", seed).isPositive();
        at += span.durationNanos();
      }
      assertThat(at).as("seed %d", seed).isEqualTo(recorder.totalNanos());
    }
  }
}
