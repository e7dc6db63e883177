package dev.skep.policy;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/** Which instances go first when there are too many: idle ones, least recently loaded first. */
public final class RetirementOrder {
  /** A ready instance. */
  public record Candidate(String instance, int inFlight, Instant lastLoadedAt, Instant readyAt) {}

  private static final Comparator<Candidate> ORDER =
      Comparator.comparingInt(Candidate::inFlight)
          .thenComparing(Candidate::lastLoadedAt)
          .thenComparing(Candidate::readyAt, Comparator.reverseOrder())
          .thenComparing(Candidate::instance);

  private RetirementOrder() {}

  /** The names of {@code count} instances, or of all if there are fewer. */
  public static List<String> pick(List<Candidate> ready, int count) {
    return ready.stream().sorted(ORDER).limit(Math.max(0, count)).map(Candidate::instance).toList();
  }
}
