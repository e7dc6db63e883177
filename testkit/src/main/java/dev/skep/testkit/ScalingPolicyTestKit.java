package dev.skep.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.policy.Decision;
import dev.skep.policy.LoadSecond;
import dev.skep.policy.Observation;
import dev.skep.policy.Scaler;
import dev.skep.policy.ScalingPolicy;
import dev.skep.policy.ScalingSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every scaling policy must hold, whatever its idea is. A subclass names the policy; random
 * histories repeat by the seed in the name of a failed run.
 */
public abstract class ScalingPolicyTestKit {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final String PREFIX = "autoscaling.knative.dev/";
  private static final int STEPS = 2_000;

  /** The policy under test. */
  protected abstract ScalingPolicy policy();

  /** What it is told besides. */
  protected Map<String, String> annotations() {
    return Map.of();
  }

  /** After so long without a request no instance is left. */
  protected Duration longestKeepAlive() {
    return Duration.ofHours(5);
  }

  private Scaler scaler(String... notes) {
    var all = new HashMap<>(annotations());
    for (int i = 0; i < notes.length; i += 2) {
      all.put(PREFIX + notes[i], notes[i + 1]);
    }
    return policy().scaler(ScalingSettings.of(all, 2), all);
  }

  /** Any history; instances follow the decisions, some of them late, some of them crash. */
  private static List<Decision> play(Scaler scaler, long seed) {
    var random = new Random(seed);
    var decisions = new ArrayList<Decision>();
    Instant now = START;
    Instant idleSince = now;
    int ready = 0;
    int starting = 0;
    for (int step = 0; step < STEPS; step++) {
      boolean gap = random.nextInt(100) == 0;
      now = now.plusMillis(gap ? random.nextInt(40_000_000) : random.nextInt(1, 2_000));
      int inFlight = random.nextInt(3) > 0 ? 0 : random.nextInt(2 * ready + 1);
      int waiting = random.nextInt(4) > 0 ? 0 : random.nextInt(20);
      if (inFlight + waiting + starting > 0) {
        idleSince = now;
      }
      List<LoadSecond> load =
          random.nextBoolean()
              ? List.of(new LoadSecond(now, random.nextDouble() * inFlight, random.nextInt(9)))
              : List.of();
      var seen =
          new Observation(
              now,
              ready,
              starting,
              inFlight,
              waiting,
              load,
              idleSince,
              random.nextInt(20) > 0,
              true);
      Decision decision = scaler.decide(seen);
      assertThat(scaler.again().filter(seen.now()::isAfter)).as("a time in the past").isEmpty();
      decisions.add(decision);
      int wanted = Math.clamp(decision.instances(), 0, 100);
      ready = random.nextInt(50) == 0 ? 0 : Math.min(wanted, ready + random.nextInt(3));
      starting = Math.max(0, Math.min(20, wanted - ready));
    }
    return decisions;
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  protected void asksForAPossibleNumberAndSaysWhy(long seed) {
    assertThat(play(scaler(), seed))
        .allSatisfy(
            decision -> {
              assertThat(decision.instances()).isBetween(0, 1_000_000);
              assertThat(decision.reason()).isNotNull();
              assertThat(decision.why()).isNotNull();
            });
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  protected void sameHistoryGivesTheSameDecisions(long seed) {
    assertThat(play(scaler(), seed)).isEqualTo(play(scaler(), seed));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  protected void neverExceedsMaxScale(long seed) {
    assertThat(play(scaler("max-scale", "3"), seed))
        .allSatisfy(decision -> assertThat(decision.instances()).isLessThanOrEqualTo(3));
  }

  @Test
  protected void scalersOfTwoRevisionsShareNothing() {
    List<Decision> alone = play(scaler(), 1);
    Scaler one = scaler();
    play(scaler(), 2);

    assertThat(play(one, 1)).isEqualTo(alone);
  }

  @Test
  protected void firstRequestGetsAnInstanceEvenAfterADay() {
    Scaler scaler = scaler();
    for (Instant now : List.of(START, START.plus(Duration.ofDays(1)))) {
      var seen = new Observation(now, 0, 0, 0, 1, List.of(), now, true, true);
      assertThat(scaler.decide(seen).instances()).isPositive();
      new Quiet(scaler, now).pass(longestKeepAlive());
    }
  }

  @Test
  protected void minScaleStaysAndNothingElse() {
    Scaler scaler = scaler("min-scale", "2");
    scaler.decide(new Observation(START, 0, 0, 0, 9, List.of(), START, true, true));

    assertThat(new Quiet(scaler, START).pass(longestKeepAlive())).isEqualTo(2);
    Scaler without = scaler();
    without.decide(new Observation(START, 0, 0, 0, 9, List.of(), START, true, true));
    assertThat(new Quiet(without, START).pass(longestKeepAlive())).isZero();
  }

  /** No request comes, and instances are as many as is asked for. */
  private record Quiet(Scaler scaler, Instant since) {
    int pass(Duration time) {
      int alive = 9;
      Instant end = since.plus(time);
      for (Instant now = since.plusSeconds(1); now.isBefore(end); now = now.plusSeconds(1)) {
        var load = List.of(new LoadSecond(now, 0, 0));
        alive =
            scaler
                .decide(new Observation(now, alive, 0, 0, 0, load, since, true, true))
                .instances();
      }
      return alive;
    }
  }
}
