package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Resources;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.Paging;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class IdleVmsTest {
  private static final IdleVms.Key SMALL = any(1);
  private static final IdleVms.Key LARGE = any(2);
  private static final IdleVms.Key BOUND =
      new IdleVms.Key(
          Optional.of(new IdleVms.Key.Bound(Path.of("snapshot"), Paging.REAP)),
          new Resources(1, 1 << 20),
          NetworkPolicy.DEFAULT);

  private final ArrayDeque<Runnable> later = new ArrayDeque<>();
  private final List<String> left = new ArrayList<>();

  private static IdleVms.Key any(int mebibytes) {
    return new IdleVms.Key(
        Optional.empty(), new Resources(1, (long) mebibytes << 20), NetworkPolicy.DEFAULT);
  }

  private final class FakeIdle implements IdleVms.Idle {
    private final String name;
    private final CompletableFuture<String> exit = new CompletableFuture<>();

    private FakeIdle(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public boolean usable() {
      return !exit.isDone();
    }

    @Override
    public CompletableFuture<String> onExit() {
      return exit;
    }

    @Override
    public void leave() {
      left.add(name);
    }
  }

  private IdleVms<FakeIdle> pool(int most) {
    return new IdleVms<>(most, later::add);
  }

  private void restore(IdleVms<FakeIdle> pool, IdleVms.Key key) {
    pool.want(key, FakeIdle::new);
  }

  private void makeAll() {
    while (!later.isEmpty()) {
      later.poll().run();
    }
  }

  @Test
  void asManyWaitAsRestoresFoundNone() {
    IdleVms<FakeIdle> pool = pool(4);
    for (int i = 0; i < 3; i++) {
      assertThat(pool.take(SMALL)).isEmpty();
      restore(pool, SMALL);
    }
    makeAll();
    assertThat(pool.count()).isEqualTo(3);

    assertThat(pool.take(LARGE)).isEmpty();
    assertThat(pool.take(SMALL)).isPresent();
    restore(pool, SMALL);
    makeAll();

    assertThat(pool.count()).isEqualTo(3);
    for (int i = 0; i < 9; i++) {
      restore(pool, SMALL);
    }
    makeAll();
    assertThat(pool.count()).isEqualTo(4);
  }

  @Test
  void oneWaitsForASnapshot() {
    IdleVms<FakeIdle> pool = pool(4);
    restore(pool, BOUND);
    restore(pool, BOUND);
    makeAll();
    assertThat(pool.count()).isOne();
  }

  @Test
  void thoseThatHaveWaitedLongestMakeRoom() {
    IdleVms<FakeIdle> pool = pool(2);
    restore(pool, SMALL);
    restore(pool, BOUND);
    restore(pool, LARGE);
    makeAll();

    assertThat(left).containsExactly("idle-0");
    assertThat(pool.take(SMALL)).isEmpty();
    assertThat(pool.take(LARGE).orElseThrow().name()).isEqualTo("idle-2");
  }

  @Test
  void whatHasEndedIsGivenToNobody() {
    IdleVms<FakeIdle> pool = pool(2);
    restore(pool, SMALL);
    restore(pool, SMALL);
    makeAll();
    FakeIdle taken = pool.take(SMALL).orElseThrow();
    pool.take(SMALL).orElseThrow().exit.complete("killed");
    taken.exit.complete("killed");
    assertThat(left).as("they are their takers'").isEmpty();

    restore(pool, SMALL);
    pool.want(
        SMALL,
        name -> {
          var dead = new FakeIdle(name);
          dead.exit.complete("killed");
          return dead;
        });
    makeAll();
    assertThat(pool.take(SMALL).orElseThrow().name()).isEqualTo("idle-2");
    assertThat(pool.take(SMALL)).isEmpty();
  }

  @Test
  void nothingWaitsWhereNothingMayOrAfterTheEnd() {
    IdleVms<FakeIdle> none = pool(0);
    restore(none, SMALL);
    restore(none, BOUND);
    assertThat(later).isEmpty();

    IdleVms<FakeIdle> pool = pool(2);
    restore(pool, SMALL);
    makeAll();
    restore(pool, SMALL);
    pool.close();
    makeAll();
    restore(pool, SMALL);
    assertThat(later).isEmpty();
    assertThat(left).containsExactly("idle-0");
    assertThat(pool.count()).isZero();
  }
}
