package dev.skep.gvisor;

import dev.skep.api.Resources;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Limits as a function looks for them. gVisor's own cgroup files know none where runsc does not
 * manage the host's cgroups, and it takes the size of its memory from the host's meminfo.
 */
final class InsideFiles {
  private static final long PAGE = 4096;
  private static final int PERIOD_MICROS = 100_000;
  private static final int SHARES_PER_CPU = 1024;

  private InsideFiles() {}

  /**
   * A folder to be mounted read-only over {@code /sys/fs/cgroup}, with the limits under the names
   * of both cgroup versions. It is no cgroup file system, and whoever asks for the kind of the
   * mount takes it for the first version: so there is no {@code cgroup.controllers} to say
   * otherwise.
   */
  static Path cgroup(Path folder, Resources resources) {
    long quota = Math.round(resources.cpus() * PERIOD_MICROS);
    String memory = Long.toString(resources.memoryBytes() / PAGE * PAGE);
    Map<String, String> files =
        Map.of(
            "cgroup.type",
            "domain",
            "memory.max",
            memory,
            "cpu.max",
            quota + " " + PERIOD_MICROS,
            "cpu.weight",
            "100",
            "memory/memory.limit_in_bytes",
            memory,
            "cpu/cpu.cfs_quota_us",
            Long.toString(quota),
            "cpu/cpu.cfs_period_us",
            Integer.toString(PERIOD_MICROS),
            "cpu/cpu.shares",
            Long.toString(Math.round(resources.cpuRequest() * SHARES_PER_CPU)));
    Path cgroup = folder(folder, "cgroup");
    folder(cgroup, "memory");
    folder(cgroup, "cpu");
    files.forEach((name, text) -> write(cgroup.resolve(name), text + "\n"));
    return cgroup;
  }

  /** What runsc is to find where the host says how much memory it has. */
  static void meminfo(Path folder, Resources resources) {
    long kib = resources.memoryBytes() >> 10;
    write(
        folder.resolve("meminfo"),
        "MemTotal: %d kB\nMemFree: %d kB\nMemAvailable: %d kB\n".formatted(kib, kib, kib));
  }

  static Path folder(Path parent, String name) {
    Path folder = parent.resolve(name);
    try {
      return Files.createDirectory(folder);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static SkepException failed(Path file, IOException e) {
    return new SkepException(Code.EXHAUSTED, file + ": cannot be written: " + e, e);
  }
}
