package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.control.RevisionGc.Candidate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which revisions without traffic go. */
final class RevisionGcTest {
  private static final Instant NOW = Instant.parse("2026-01-10T00:00:00Z");

  private static Candidate candidate(int age) {
    Instant then = NOW.minus(Duration.ofHours(age));
    return new Candidate("r" + age, then, then, false);
  }

  private static List<Candidate> candidates(int... ages) {
    return IntStream.of(ages).mapToObj(RevisionGcTest::candidate).toList();
  }

  @Test
  void oldOnesGoTheOldestFirstDownToTheLeastThatStay() {
    RevisionGc gc = RevisionGc.of(Map.of("min-non-active-revisions", "2"));

    assertThat(gc.doomed(candidates(50, 70, 60, 10), NOW)).containsExactly("r70", "r60");
  }

  @Test
  void youngOnesStay() {
    RevisionGc gc = RevisionGc.of(Map.of("min-non-active-revisions", "0"));

    assertThat(gc.doomed(candidates(47, 10), NOW)).isEmpty();
    var lately = new Candidate("a", NOW.minus(Duration.ofHours(99)), NOW, false);
    assertThat(gc.doomed(List.of(lately), NOW)).isEmpty();
  }

  @Test
  void atMostTheLargestNumberStaysHoweverYoung() {
    RevisionGc gc =
        RevisionGc.of(Map.of("min-non-active-revisions", "0", "max-non-active-revisions", "1"));

    assertThat(gc.doomed(candidates(1, 2, 3), NOW)).containsExactly("r3", "r2");
  }

  @Test
  void limitsCanBeOff() {
    RevisionGc gc =
        RevisionGc.of(
            Map.of(
                "retain-since-create-time", "disabled",
                "retain-since-last-active-time", "disabled",
                "max-non-active-revisions", "disabled",
                "min-non-active-revisions", "0"));

    assertThat(gc.doomed(candidates(1, 2_000), NOW)).isEmpty();
  }

  @Test
  void whatItsOwnerKeepsStays() {
    RevisionGc gc = RevisionGc.of(Map.of("min-non-active-revisions", "0"));
    Candidate old = candidate(100);
    var kept = new Candidate(old.name(), old.created(), old.active(), true);

    assertThat(gc.doomed(List.of(kept), NOW)).isEmpty();
  }

  @Test
  void aValueThatIsNoneIsNotUsed() {
    assertThatThrownBy(() -> RevisionGc.of(Map.of("min-non-active-revisions", "many")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
