package dev.skep.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What this host's processors say of themselves. */
public final class HostCpu {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  private HostCpu() {}

  /**
   * For people, such as {@code Intel(R) Xeon(R) CPU @ 2.20GHz}; {@code unknown} where none is told.
   */
  public static String model() {
    return first("model name\\s*:.*").stream()
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElse("unknown");
  }

  /** What makes two of them the same for a guest's saved state: model, stepping and features. */
  public static String identity() {
    return String.join(
        "\n", first("(vendor_id|model name|stepping|flags|Features|CPU part)\\s*:.*"));
  }

  /** Matching lines of the first processor. */
  private static List<String> first(String pattern) {
    try {
      return Files.readAllLines(CPUINFO).stream()
          .takeWhile(line -> !line.isBlank())
          .filter(line -> line.matches(pattern))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
