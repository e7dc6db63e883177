package dev.skep.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LifeCycleTest {
  private final List<String> closed = new ArrayList<>();
  private final LifeCycle life = new LifeCycle();

  @Test
  void closesInReverseOrderAndOnce() {
    life.started("a", () -> closed.add("a"));
    life.started("b", () -> closed.add("b"));
    life.close();
    life.close();
    assertThat(closed).containsExactly("b", "a");
  }

  @Test
  void closesTheOthersWhenSomeFailAndKeepsAllFailures() {
    life.started("a", () -> closed.add("a"));
    life.started(
        "b",
        () -> {
          throw new IOException("b stuck");
        });
    life.started(
        "c",
        () -> {
          throw new IllegalStateException("c stuck");
        });
    assertThatThrownBy(life::close)
        .hasMessage("failed to close c")
        .hasRootCauseMessage("c stuck")
        .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
    assertThat(closed).containsExactly("a");
  }
}
