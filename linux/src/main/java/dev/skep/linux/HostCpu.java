package dev.skep.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What this host's processors say of themselves. */
public final class HostCpu {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  /** What is told of the first processor: once, for a key of each start is made of it. */
  private static final List<String> FIRST = first();

  private HostCpu() {}

  /**
   * For people, such as {@code Intel(R) Xeon(R) CPU @ 2.20GHz}; {@code unknown} where none is told.
   */
  public static String model() {
    return matching("model name\\s*:.*")
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElse("unknown");
  }

  /** What makes two of them the same for a guest's saved state: model, stepping and features. */
  public static String identity() {
    return matching("(vendor_id|model name|stepping|flags|Features|CPU part)\\s*:.*")
        .collect(Collectors.joining("\n"));
  }

  private static Stream<String> matching(String pattern) {
    return FIRST.stream().filter(line -> line.matches(pattern));
  }

  private static List<String> first() {
    try {
      return Files.readAllLines(CPUINFO).stream().takeWhile(line -> !line.isBlank()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
