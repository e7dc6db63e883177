package dev.skep.policy;

/**
 * How many instances there should be, and why.
 *
 * @param instances ready and starting together
 * @param why the figures behind it, in one line for people
 */
public record Decision(int instances, Reason reason, String why) {
  /** What the number comes from. */
  public enum Reason {
    /** Requests are there or were lately, and need this many. */
    LOAD,
    /** They come so much faster than before that the short window decides, upwards only. */
    PANIC,
    /** Nothing needs them, but they were needed within the keep-alive. */
    KEEP_ALIVE,
    /** Requests are expected. */
    PRE_WARM,
    /** {@code min-scale} is more than the load needs. */
    MIN_SCALE,
    /** {@code max-scale} is less than the load needs. */
    MAX_SCALE,
    /** Nothing needs any. */
    IDLE
  }
}
