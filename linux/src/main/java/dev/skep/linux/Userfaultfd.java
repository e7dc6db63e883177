package dev.skep.linux;

/** Page faults of another process, served by us. */
public final class Userfaultfd {
  private Userfaultfd() {}

  /** Whether this process may have one for faults that the kernel takes on a guest's behalf. */
  public static boolean usable() {
    int fd = Libc.userfaultfd();
    if (fd >= 0) {
      Libc.close(fd);
    }
    return fd >= 0;
  }
}
