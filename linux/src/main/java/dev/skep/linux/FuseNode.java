package dev.skep.linux;

/** A read-only file of a {@link FuseMount}; its size never changes. */
public interface FuseNode {
  long size();

  /**
   * Answers a read, now or later, from any platform thread: exactly one method of {@code reply} is
   * called once. What lies beyond the end is not asked for.
   */
  void read(long offset, int bytes, FuseReply reply);

  /** Whether what was read once may be kept by the kernel as long as it likes. */
  default boolean isKept() {
    return true;
  }

  /** The kernel knows it no more: nobody has it open. */
  default void forgotten() {}
}
