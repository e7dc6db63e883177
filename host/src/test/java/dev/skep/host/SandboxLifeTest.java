package dev.skep.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Sandbox.State;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartOutcome;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class SandboxLifeTest {
  private static final Runnable NOTHING = () -> {};
  private static final CompletableFuture<Void> NEVER = new CompletableFuture<>();

  private final SandboxLife life = new SandboxLife("aaaaaaaaaa");

  private static Supplier<Exit> exit(String message) {
    return () -> new Exit(OptionalInt.empty(), false, message, List.of());
  }

  @Test
  void goesThroughItsStates() {
    assertThat(life.state()).isEqualTo(State.CREATED);
    life.begin();
    assertThat(life.state()).isEqualTo(State.STARTING);
    assertThat(life.becomeReady(NOTHING)).isTrue();
    life.pause(NOTHING);
    assertThat(life.state()).isEqualTo(State.PAUSED);
    life.resume(NOTHING);
    assertThat(life.state()).isEqualTo(State.READY);
    life.end(exit("stopped"));
    assertThat(life.state()).isEqualTo(State.STOPPED);
    assertThat(life.isOver()).isTrue();
  }

  @Test
  void refusesWhatItsStateDoesNotAllow() {
    assertThatThrownBy(() -> life.pause(NOTHING))
        .isInstanceOf(SkepException.class)
        .hasMessage("sandbox aaaaaaaaaa: pause in state CREATED (expected: READY)");
    life.begin();
    assertThatThrownBy(life::begin)
        .hasMessage("sandbox aaaaaaaaaa: start in state STARTING (expected: CREATED)");
    assertThatThrownBy(() -> life.whileReady("snapshot", () -> 1))
        .hasMessage("sandbox aaaaaaaaaa: snapshot in state STARTING (expected: READY)");
  }

  @Test
  void aPauseThatFailsLeavesItReady() {
    life.takeOver(State.READY);
    assertThatThrownBy(
            () ->
                life.pause(
                    () -> {
                      throw new IllegalStateException("busy");
                    }))
        .hasMessage("busy");
    assertThat(life.state()).isEqualTo(State.READY);
  }

  @Test
  void endsOnceAndTheOthersWait() throws InterruptedException {
    var finished = new AtomicInteger();
    var begun = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    Thread first =
        Thread.ofVirtual()
            .start(
                () ->
                    life.end(
                        () -> {
                          begun.countDown();
                          awaitQuietly(go);
                          finished.incrementAndGet();
                          return exit("first").get();
                        }));
    begun.await();
    assertThat(life.becomeReady(NOTHING)).as("it ends").isFalse();
    var second = new CompletableFuture<Exit>();
    Thread.ofVirtual().start(() -> second.complete(life.end(exit("second"))));
    go.countDown();
    first.join();
    assertThat(second.join().message()).isEqualTo("first");
    assertThat(finished).hasValue(1);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void stopAsksFirstAndKillsWhoDoesNotGo() {
    var asked = new AtomicInteger();
    life.takeOver(State.READY);
    Exit how = life.stop(Duration.ofMillis(20), asked::incrementAndGet, NEVER, exit("killed"));
    assertThat(asked).hasValue(1);
    assertThat(how.message()).isEqualTo("killed");
  }

  @Test
  void stopWithoutGraceAsksNobody() {
    life.takeOver(State.READY);
    Runnable unwanted =
        () -> {
          throw new IllegalStateException("asked");
        };
    assertThat(life.stop(Duration.ZERO, unwanted, NEVER, exit("killed")).message())
        .isEqualTo("killed");
  }

  @Test
  void aStartThatIsStoppedIsCancelledAndOneThatDiesSaysWhy() {
    life.begin();
    life.stop(Duration.ZERO, NOTHING, NEVER, exit("stopped"));
    assertThat(reason(life)).isEqualTo(StartFailure.Reason.CANCELLED);

    var other = new SandboxLife("bbbbbbbbbb");
    other.begin();
    other.end(() -> new Exit(OptionalInt.of(3), false, "exit code 3", List.of("no such file")));
    assertThat(reason(other)).isEqualTo(StartFailure.Reason.GUEST_EXIT);
    assertThat(((StartOutcome.Failed) other.endedAtStart()).failure().message())
        .isEqualTo("the process ended before it was ready: exit code 3");
  }

  private static StartFailure.Reason reason(SandboxLife life) {
    return ((StartOutcome.Failed) life.endedAtStart()).failure().reason();
  }
}
