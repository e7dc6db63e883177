package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.control.Traffic.Share;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How traffic moves to a new revision. */
final class RolloutTest {
  private static final Instant NOW = Instant.parse("2026-01-10T00:00:00Z");
  private static final Duration LASTING = Duration.ofSeconds(200);

  private static Share latest(String revision, int percent) {
    return new Share("", revision, true, percent);
  }

  private static Rollout of(Share... shares) {
    return Rollout.NONE.with(List.of(shares));
  }

  private static Instant after(int seconds) {
    return NOW.plusSeconds(seconds);
  }

  @Test
  void withoutADurationAllMovesAtOnce() {
    Rollout rollout = of(latest("a", 100)).next(List.of(latest("b", 100)), Duration.ZERO, NOW);

    assertThat(rollout.shares()).containsExactly(latest("b", 100));
    assertThat(rollout.inProgress()).isFalse();
  }

  @Test
  void theFirstRevisionHasAllAtOnce() {
    assertThat(Rollout.NONE.next(List.of(latest("a", 100)), LASTING, NOW).inProgress()).isFalse();
  }

  @Test
  void movesAsTimePassesHoweverOftenSomebodyLooks() {
    List<Share> wanted = List.of(latest("b", 100));
    Rollout rollout = of(latest("a", 100)).next(wanted, LASTING, NOW);
    assertThat(rollout.shares()).containsExactly(latest("a", 99), latest("b", 1));
    for (int i = 1; i <= 1_000; i++) {
      rollout = rollout.next(wanted, LASTING, NOW.plusMillis(i * 100L));
    }

    assertThat(rollout.shares()).containsExactly(latest("a", 49), latest("b", 51));
    assertThat(rollout.next(wanted, LASTING, after(400)).shares()).isEqualTo(wanted);
  }

  @Test
  void aThirdRevisionTakesFromTheOldestFirst() {
    Rollout rollout = of(latest("a", 10), latest("b", 90));
    List<Share> wanted = List.of(latest("c", 100));
    rollout = rollout.next(wanted, LASTING, NOW);
    assertThat(rollout.shares()).containsExactly(latest("a", 9), latest("b", 90), latest("c", 1));

    assertThat(rollout.next(wanted, LASTING, after(40)).shares())
        .containsExactly(latest("b", 79), latest("c", 21));
  }

  @Test
  void pinnedSharesStayWhereTheyAre() {
    var pinned = new Share("", "p", false, 60);
    Rollout rollout = of(pinned, latest("a", 40));

    assertThat(rollout.next(List.of(pinned, latest("b", 40)), LASTING, NOW).shares())
        .containsExactly(pinned, latest("a", 39), latest("b", 1));
  }

  @Test
  void goesOnWhereARestartFoundIt() {
    Rollout rollout = of(latest("a", 70), latest("b", 30));
    rollout = rollout.next(List.of(latest("b", 100)), LASTING, NOW);

    assertThat(rollout.shares()).containsExactly(latest("a", 70), latest("b", 30));
    assertThat(rollout.next(List.of(latest("b", 100)), LASTING, after(20)).shares())
        .containsExactly(latest("a", 60), latest("b", 40));
  }
}
