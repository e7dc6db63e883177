package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skep.policy.RetirementOrder.Candidate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SmallPoliciesTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void meterGivesEachSecondOnceHoweverItIsCalled() {
    var meter = new LoadMeter(START);
    assertThat(meter.add(START.plusMillis(100), 10, 1)).isEmpty();
    assertThat(meter.add(START.plusMillis(100), 99, 1)).isEmpty();
    assertThat(meter.add(START.plusMillis(400), 0, 0)).isEmpty();
    List<LoadSecond> ended = meter.add(START.plusMillis(2500), 5, 20);

    assertThat(ended)
        .extracting(LoadSecond::end)
        .containsExactly(START.plusSeconds(1), START.plusSeconds(2));
    assertThat(ended.getFirst().concurrency()).isCloseTo(1 + 3, within(1e-9));
    assertThat(ended.getFirst().requests()).isCloseTo(2, within(1e-9));
    assertThat(ended.getLast().concurrency()).isCloseTo(5, within(1e-9));
    assertThat(ended.getLast().requests()).isCloseTo(10, within(1e-9));
  }

  @Test
  void meterForgetsWhatNobodyLookedAt() {
    var meter = new LoadMeter(START);
    assertThat(meter.add(START.plusSeconds(3600), 0.001, 1)).isEmpty();
    assertThat(meter.add(START.plusSeconds(3601), 2, 0)).hasSize(1);
  }

  @Test
  void idleAndLongestUnloadedGoFirst() {
    var busy = new Candidate("busy", 1, START, START);
    var recent = new Candidate("recent", 0, START.plusSeconds(9), START);
    var old = new Candidate("old", 0, START.plusSeconds(1), START);

    assertThat(RetirementOrder.pick(List.of(busy, recent, old), 2))
        .containsExactly("old", "recent");
    assertThat(RetirementOrder.pick(List.of(busy), 5)).containsExactly("busy");
    assertThat(RetirementOrder.pick(List.of(busy), -1)).isEmpty();
  }

  @Test
  void hostGrantsNoMoreThanItsTwoLimits() {
    var limits = new HostLimits(4, 10);

    assertThat(limits.grant(0, 0, 100)).isEqualTo(4);
    assertThat(limits.grant(3, 3, 100)).isEqualTo(1);
    assertThat(limits.grant(0, 9, 100)).isEqualTo(1);
    assertThat(limits.grant(5, 12, 100)).isZero();
    assertThat(limits.grant(0, 0, 2)).isEqualTo(2);
  }

  @Test
  void backoffForgivesTheFirstFailureThenDoublesUpToItsBound() {
    var backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(5));
    backoff.failed(START);
    assertThat(backoff.blocks(START)).isFalse();
    backoff.failed(START);
    assertThat(backoff.until()).isEqualTo(START.plusSeconds(1));
    backoff.failed(START);
    assertThat(backoff.until()).isEqualTo(START.plusSeconds(2));
    for (int i = 0; i < 100; i++) {
      backoff.failed(START);
    }
    assertThat(backoff.until()).isEqualTo(START.plusSeconds(5));

    backoff.succeeded();
    assertThat(backoff.blocks(START)).isFalse();
    assertThat(backoff.failures()).isZero();
  }
}
