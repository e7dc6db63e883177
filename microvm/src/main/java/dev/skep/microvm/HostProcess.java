package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Processes of the host, told apart by more than their ids, which are used again. */
final class HostProcess {
  private static final Path PROC = Path.of("/proc");
  private static final long NANOS_PER_TICK = 10_000_000; // USER_HZ is 100 wherever Debian runs
  private static final long PAGE_BYTES = 4096;

  private HostProcess() {}

  /** In clock ticks after the host's boot; empty if there is no such process. */
  static OptionalLong startTicks(long pid) {
    String[] fields = stat(pid);
    return fields.length < 20 || fields[0].equals("Z")
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(fields[19]));
  }

  static long cpuNanos(long pid) {
    String[] fields = stat(pid);
    return fields.length < 20
        ? 0
        : (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * NANOS_PER_TICK;
  }

  static long residentBytes(long pid) {
    String[] fields = stat(pid);
    return fields.length < 22 ? 0 : Long.parseLong(fields[21]) * PAGE_BYTES;
  }

  static long hostMemoryBytes() {
    String line = HostNetwork.read(PROC.resolve("meminfo")).lines().findFirst().orElse("");
    return Long.parseLong(line.replaceAll("\\D", "")) << 10; // MemTotal: N kB
  }

  /** The fields of {@code /proc/PID/stat} after the name; none if there is no such process. */
  private static String[] stat(long pid) {
    try {
      String stat = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
      // the name, in parentheses, may hold anything
      return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    } catch (IOException e) {
      return new String[0];
    }
  }

  /**
   * Whether it is the VMM of this machine: every VMM has {@link VmConfig#processName} in its
   * arguments.
   */
  static boolean isVmmOf(long pid, String machine) {
    return arguments(pid).contains(VmConfig.processName(machine));
  }

  /** All VMMs whose working folder is below {@code root}, whatever became of the folder. */
  static List<Long> vmmsBelow(Path root) {
    try (Stream<Path> processes = Files.list(PROC)) {
      return processes
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches("\\d+"))
          .map(Long::parseLong)
          .filter(pid -> worksBelow(pid, root))
          .toList();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, PROC + ": " + e, e);
    }
  }

  private static boolean worksBelow(long pid, Path root) {
    try {
      Path cwd = Files.readSymbolicLink(PROC.resolve(Long.toString(pid)).resolve("cwd"));
      if (!root.equals(cwd.getParent())) {
        return false;
      }
      String id = cwd.getFileName().toString().replace(" (deleted)", "");
      return isVmmOf(pid, id); // and not a shell of somebody who looks around
    } catch (IOException e) {
      return false;
    }
  }

  private static String arguments(long pid) {
    try {
      return Files.readString(PROC.resolve(Long.toString(pid)).resolve("cmdline"));
    } catch (IOException e) {
      return "";
    }
  }
}
