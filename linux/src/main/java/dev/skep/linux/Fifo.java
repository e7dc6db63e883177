package dev.skep.linux;

import java.nio.file.Path;

/** Pipes with a name, which Java can open and cannot make. */
public final class Fifo {
  private static final int OWNER_ONLY = 0600;

  private Fifo() {}

  /**
   * Makes one that only its owner may open.
   *
   * @throws dev.skep.api.SkepException INTERNAL if it exists, or its folder does not
   */
  public static void make(Path file) {
    Errno.orThrow("mkfifo " + file, SystemCalls.mkfifo(file.toString(), OWNER_ONLY));
  }
}
