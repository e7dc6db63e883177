package dev.skep.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.policy.SnapshotPolicy.Choice;
import dev.skep.policy.SnapshotPolicy.Host;
import dev.skep.policy.SnapshotPolicy.Measured;
import dev.skep.policy.SnapshotPolicy.Plan;
import dev.skep.policy.SnapshotPolicy.Restore;
import dev.skep.policy.SnapshotPolicy.Source;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SnapshotPolicyTest {
  private static final Source ABSENT = new Source.Absent();
  private static final Source READY = new Source.Ready(true);
  private static final Source RECORDED = new Source.Recorded(1203);
  private static final Host PAGER = new Host(true, Optional.empty());
  private static final Host NO_PAGER = new Host(false, Optional.empty());

  private static SnapshotPolicy policy(String snapshot, String restore) {
    return SnapshotPolicy.of(
        Map.of(SkepAnnotations.SNAPSHOT, snapshot, SkepAnnotations.RESTORE, restore));
  }

  @Test
  void takesASnapshotAfterTheFirstAnswerUnlessToldOtherwise() {
    assertThat(SnapshotPolicy.of(Map.of())).isEqualTo(SnapshotPolicy.DEFAULT);
    assertThat(policy("auto", "auto")).isEqualTo(SnapshotPolicy.DEFAULT);
    assertThat(SnapshotPolicy.DEFAULT.wantsSnapshot(0, ABSENT)).isFalse();
    assertThat(SnapshotPolicy.DEFAULT.wantsSnapshot(1, ABSENT)).isTrue();
    assertThat(SnapshotPolicy.DEFAULT.wantsSnapshot(2, ABSENT)).isTrue();
  }

  @Test
  void takesASnapshotAfterTheAnswersThatWereAskedFor() {
    SnapshotPolicy after = policy("after-50", "auto");
    assertThat(after.answersBefore()).isEqualTo(OptionalInt.of(50));
    assertThat(after.wantsSnapshot(49, ABSENT)).isFalse();
    assertThat(after.wantsSnapshot(50, ABSENT)).isTrue();
  }

  @Test
  void takesNoSnapshotThatWouldNotBeUsedOrIsThere() {
    assertThat(policy("never", "auto").wantsSnapshot(9, ABSENT)).isFalse();
    assertThat(policy("auto", "boot").wantsSnapshot(9, ABSENT)).isFalse();
    assertThat(SnapshotPolicy.DEFAULT.wantsSnapshot(9, READY)).isFalse();
    assertThat(SnapshotPolicy.DEFAULT.wantsSnapshot(9, RECORDED)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    // asked for, pager, without a snapshot, without a set, while another records, with a set
    "auto,     true,  BOOT, LAZY+record, FILE, REAP",
    "auto,     false, BOOT, FILE,        FILE, PREFETCH",
    "boot,     true,  BOOT, BOOT,        BOOT, BOOT",
    "boot,     false, BOOT, BOOT,        BOOT, BOOT",
    "file,     true,  BOOT, FILE,        FILE, FILE",
    "file,     false, BOOT, FILE,        FILE, FILE",
    "prefetch, true,  BOOT, LAZY+record, FILE, PREFETCH",
    "prefetch, false, BOOT, FILE,        FILE, PREFETCH",
    "lazy,     true,  BOOT, LAZY+record, LAZY, LAZY",
    "lazy,     false, BOOT, FILE,        FILE, PREFETCH",
    "reap,     true,  BOOT, LAZY+record, FILE, REAP",
    "reap,     false, BOOT, FILE,        FILE, PREFETCH",
  })
  void choosesThePlan(
      String restore, boolean pager, String absent, String ready, String busy, String recorded) {
    SnapshotPolicy policy = policy("auto", restore);
    Host host = pager ? PAGER : NO_PAGER;
    assertThat(text(policy.choose(ABSENT, host))).isEqualTo(absent);
    assertThat(text(policy.choose(READY, host))).isEqualTo(ready);
    assertThat(text(policy.choose(new Source.Ready(false), host))).isEqualTo(busy);
    assertThat(text(policy.choose(RECORDED, host))).isEqualTo(recorded);
  }

  @ParameterizedTest
  @CsvSource({
    // asked for, pager, without a set, while another records, with a set
    "auto,     true,  LAZY+record, LAZY, REMOTE",
    "auto,     false, BOOT,        BOOT, BOOT",
    "boot,     true,  BOOT,        BOOT, BOOT",
    "file,     true,  LAZY+record, LAZY, REMOTE",
    "prefetch, true,  LAZY+record, LAZY, REMOTE",
    "lazy,     true,  LAZY+record, LAZY, LAZY",
    "reap,     true,  LAZY+record, LAZY, REMOTE",
    "reap,     false, BOOT,        BOOT, BOOT",
  })
  void restoresWhatIsPartlyRemoteByThePagerOnly(
      String restore, boolean pager, String ready, String busy, String recorded) {
    SnapshotPolicy policy = policy("auto", restore);
    Host host = pager ? PAGER : NO_PAGER;
    OptionalInt noSet = OptionalInt.empty();
    assertThat(text(policy.choose(new Source.Remote(noSet, true), host))).isEqualTo(ready);
    assertThat(text(policy.choose(new Source.Remote(noSet, false), host))).isEqualTo(busy);
    assertThat(text(policy.choose(new Source.Remote(OptionalInt.of(7), false), host)))
        .isEqualTo(recorded);
  }

  private static String text(Choice choice) {
    assertThat(choice.reason()).isNotEmpty().doesNotContain("\n");
    return choice.plan() + (choice.records() ? "+record" : "");
  }

  @Test
  void restoresNothingWhenSnapshotsAreOff() {
    Choice choice = policy("never", "reap").choose(RECORDED, PAGER);
    assertThat(choice)
        .isEqualTo(
            new Choice(
                Plan.BOOT,
                false,
                "snapshots are off (skep.dev/snapshot: never, or a template that asks for its instance's name or uid)"));
  }

  @Test
  void saysWhy() {
    SnapshotPolicy auto = SnapshotPolicy.DEFAULT;
    assertThat(auto.choose(ABSENT, PAGER).reason()).isEqualTo("there is no snapshot yet");
    assertThat(auto.choose(READY, PAGER).reason())
        .isEqualTo("first restore of this snapshot: its working set is recorded");
    assertThat(auto.choose(RECORDED, PAGER).reason())
        .isEqualTo("recorded set of 1,203 pages: installed first");
    assertThat(auto.choose(RECORDED, NO_PAGER).reason())
        .isEqualTo("recorded set of 1,203 pages: read ahead, for there is no usable pager");
    assertThat(auto.choose(READY, NO_PAGER).reason())
        .isEqualTo(
            "no recorded set and no usable pager: pages are read from the file when touched");
    assertThat(policy("auto", "file").choose(RECORDED, PAGER).reason())
        .isEqualTo("asked for (skep.dev/restore: file)");
  }

  @ParameterizedTest
  @CsvSource({
    // asked for, prefetch and reap in microseconds
    "auto, 9000, 10000, PREFETCH",
    "auto, 11000, 10000, PREFETCH",
    "auto, 11001, 10000, REAP",
    "reap, 9000, 10000, REAP",
    "lazy, 9000, 10000, LAZY",
    "prefetch, 90000, 10000, PREFETCH",
  })
  void followsTheCalibrationUnlessToldOtherwise(
      String restore, long prefetch, long reap, Plan expected) {
    assertThat(policy("auto", restore).choose(RECORDED, measured(prefetch, reap)).plan())
        .isEqualTo(expected);
  }

  @Test
  void saysWhatTheCalibrationWas() {
    assertThat(SnapshotPolicy.DEFAULT.choose(RECORDED, measured(9_140, 10_000)).reason())
        .isEqualTo(
            "recorded set of 1,203 pages: read ahead, and clones share it (calibration: 9.1 ms;"
                + " installing 10.0 ms)");
    assertThat(SnapshotPolicy.DEFAULT.choose(RECORDED, measured(20_000, 10_000)).reason())
        .isEqualTo(
            "recorded set of 1,203 pages: installed first (calibration: 10.0 ms; reading ahead"
                + " 20.0 ms)");
  }

  private static Host measured(long prefetchMicros, long reapMicros) {
    return new Host(
        true,
        Optional.of(
            new Measured(
                Duration.of(prefetchMicros, ChronoUnit.MICROS),
                Duration.of(reapMicros, ChronoUnit.MICROS))));
  }

  @Test
  void saysItTheSameInEveryCountry() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(SnapshotPolicy.DEFAULT.choose(RECORDED, PAGER).reason()).contains("1,203");
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1000, false",
    "300, 1000, false",
    "301, 1000, true",
    "0, 0, false",
    "1, 0, true",
  })
  void callsASetStaleThatMissesTooMuch(long faults, int pages, boolean stale) {
    assertThat(SnapshotPolicy.isStale(faults, pages)).isEqualTo(stale);
  }

  @Test
  void knowsThePlansThatTheApiAccepts() {
    assertThat(SkepAnnotations.PLANS)
        .containsExactlyElementsOf(
            Arrays.stream(Restore.values())
                .map(plan -> plan.name().toLowerCase(Locale.ROOT))
                .toList());
  }

  @Test
  void namesTheAnnotationThatIsWrong() {
    assertThatThrownBy(() -> policy("often", "auto"))
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll("annotation skep.dev/snapshot: 'often' (expected auto, never");
    assertThatThrownBy(() -> policy("auto", "REAP"))
        .isInstanceOf(SkepException.class)
        .hasMessageContainingAll("annotation skep.dev/restore: 'REAP' (expected one of auto, boot");
  }
}
