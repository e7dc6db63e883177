package dev.skep.linux;

/** The processes that a session leader has begun and that did not leave its group. */
public final class ProcessGroup {
  private static final int SIGKILL = 9;

  private ProcessGroup() {}

  /**
   * Kills all of them; nothing happens where there are none.
   *
   * @param leader a process id in our namespace
   */
  public static void kill(long leader) {
    int result = Libc.kill(-leader, SIGKILL);
    if (result != -Libc.ESRCH) {
      Errno.orThrow("kill of process group " + leader, result);
    }
  }
}
