package dev.skep.microvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What of a process's memory the host has swapped out. */
final class Swap {
  private Swap() {}

  /** Whether it is known that nothing of it is. */
  static boolean nothingOf(long pid) {
    try {
      return nothingIn(Files.readString(Path.of("/proc", Long.toString(pid), "status")));
    } catch (IOException e) {
      return false; // it has ended
    }
  }

  /** As {@link #nothingOf}, by the text of {@code /proc/PID/status}. */
  static boolean nothingIn(String status) {
    return status.lines().anyMatch(line -> line.matches("VmSwap:\\s*0 kB"));
  }
}
