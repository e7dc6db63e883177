package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.Map;

/** What the kernel's error numbers say. */
final class Errno {
  /** Those that a user can do something about; the rest are shown by number. */
  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(1, "not permitted"),
          Map.entry(2, "no such file"),
          Map.entry(3, "no such process"),
          Map.entry(5, "input/output error"),
          Map.entry(12, "out of memory"),
          Map.entry(13, "permission denied"),
          Map.entry(14, "bad address"),
          Map.entry(22, "invalid argument"),
          Map.entry(24, "too many open files"),
          Map.entry(28, "no space left"),
          Map.entry(98, "address in use"),
          Map.entry(111, "connection refused"));

  private Errno() {}

  /** The result, unless it is {@code -errno}. */
  static int orThrow(String call, int result) {
    return (int) orThrow(call, (long) result);
  }

  /** The result, unless it is {@code -errno}. */
  static long orThrow(String call, long result) {
    if (result < 0) {
      throw new SkepException(Code.INTERNAL, call + ": " + describe((int) -result));
    }
    return result;
  }

  static String describe(int errno) {
    String name = NAMES.get(errno);
    return name == null ? "errno " + errno : name + " (errno " + errno + ")";
  }
}
