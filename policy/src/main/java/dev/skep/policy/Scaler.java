package dev.skep.policy;

/**
 * Decides how many instances one revision should have. It may remember what it saw, does no I/O and
 * knows no time but that of its observations; one thread calls it, about once a second and whenever
 * a request has to wait.
 */
public interface Scaler {
  /** Observations come in the order of their times. */
  Decision decide(Observation seen);
}
