package dev.skep.policy;

import java.time.Instant;
import java.util.Optional;

/**
 * Decides how many instances one revision should have. It may remember what it saw, does no I/O and
 * knows no time but that of its observations; one thread calls it, about once a second while the
 * revision has instances or should have some, and whenever a request has to wait. It must return
 * within microseconds: a cold request waits for it.
 */
public interface Scaler {
  /** Observations come in the order of their times; hours may lie between two. */
  Decision decide(Observation seen);

  /** When it wants to be asked although nothing is there and nothing happens; empty for never. */
  default Optional<Instant> again() {
    return Optional.empty();
  }
}
