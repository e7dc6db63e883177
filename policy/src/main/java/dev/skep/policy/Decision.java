package dev.skep.policy;

/**
 * How many instances there should be, and why.
 *
 * @param instances ready and starting together
 */
public record Decision(int instances, Reason reason) {
  /** What the number comes from. */
  public enum Reason {
    /** Requests are there or were lately, and need this many. */
    LOAD,
    /** Nothing needs them, but they were needed within the keep-alive. */
    KEEP_ALIVE,
    /** {@code min-scale} is more than the load needs. */
    MIN_SCALE,
    /** {@code max-scale} is less than the load needs. */
    MAX_SCALE,
    /** Nothing needs any. */
    IDLE
  }
}
