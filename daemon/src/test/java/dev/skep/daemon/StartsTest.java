package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class StartsTest {
  @Test
  void runsStepsBesideEachOther() throws Exception {
    var meeting = new CyclicBarrier(2);
    Starts.Step meets =
        () -> {
          try {
            meeting.await(10, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IOException(e);
          }
        };
    Starts.together(meets, meets);
  }

  @Test
  void waitsForTheOthersAndKeepsAllFailures() {
    var ran = new AtomicBoolean();
    assertThatThrownBy(
            () ->
                Starts.together(
                    () -> {
                      throw new IOException("one");
                    },
                    () -> ran.set(true),
                    () -> {
                      throw new IllegalStateException("two");
                    }))
        .hasMessage("one")
        .satisfies(failure -> assertThat(failure.getSuppressed()[0]).hasMessage("two"));
    assertThat(ran).isTrue();
  }
}
