package dev.skep.host;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Processes of the host, told apart by more than their ids, which are used again. */
public final class HostProcess {
  private static final Path PROC = Path.of("/proc");
  private static final long NANOS_PER_TICK = 10_000_000; // USER_HZ is 100 wherever Debian runs
  private static final long PAGE_BYTES = 4096;

  private HostProcess() {}

  /** In clock ticks after the host's boot; empty if there is no such process. */
  public static OptionalLong startTicks(long pid) {
    String[] fields = stat(pid);
    return fields.length < 20 || fields[0].equals("Z")
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(fields[19]));
  }

  public static long cpuNanos(long pid) {
    String[] fields = stat(pid);
    return fields.length < 20
        ? 0
        : (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * NANOS_PER_TICK;
  }

  public static long residentBytes(long pid) {
    String[] fields = stat(pid);
    return fields.length < 22 ? 0 : Long.parseLong(fields[21]) * PAGE_BYTES;
  }

  public static long hostMemoryBytes() {
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

  /** All whose working folder is a folder directly below {@code root}, whatever became of it. */
  public static List<Long> workingBelow(Path root) {
    try (Stream<Path> processes = Files.list(PROC)) {
      return processes
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches("\\d+"))
          .map(Long::parseLong)
          .filter(pid -> folder(pid).filter(folder -> root.equals(folder.getParent())).isPresent())
          .toList();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, PROC + ": " + e, e);
    }
  }

  /** Its working folder, as it was called when it was there; empty if there is no such process. */
  public static Optional<Path> folder(long pid) {
    try {
      Path folder = Files.readSymbolicLink(PROC.resolve(Long.toString(pid)).resolve("cwd"));
      return Optional.of(Path.of(folder.toString().replace(" (deleted)", "")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Its command line; empty if there is no such process. */
  public static String arguments(long pid) {
    try {
      return Files.readString(PROC.resolve(Long.toString(pid)).resolve("cmdline"));
    } catch (IOException e) {
      return "";
    }
  }
}
