package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One group under which all cgroups of one daemon live, on cgroup v2 or on the separate v1
 * hierarchies of memory and CPU.
 */
public sealed interface Cgroups permits CgroupsV1, CgroupsV2 {
  /**
   * Limits of one cgroup.
   *
   * @param cpus 0 means no limit
   */
  record Limits(long memoryBytes, double cpus) {}

  /** What the processes in one cgroup use and have used. */
  record Usage(long cpuNanos, long memoryBytes) {}

  /**
   * Finds what the host has.
   *
   * @param name of the daemon's own group, made when the first cgroup is
   */
  static Optional<Cgroups> probe(String name) {
    try {
      return probe(name, Files.readString(Path.of("/proc/self/mounts")));
    } catch (IOException e) {
      throw new SkepException(Code.UNSUPPORTED, "/proc/self/mounts: " + e.getMessage(), e);
    }
  }

  /** As {@link #probe(String)}, from the text of a mounts file. */
  static Optional<Cgroups> probe(String name, String mounts) {
    Optional<Cgroups> v1 = CgroupsV1.find(name, mounts).map(Cgroups.class::cast);
    return v1.isPresent() ? v1 : CgroupsV2.find(name, mounts).map(Cgroups.class::cast);
  }

  /** 1 or 2. */
  int version();

  /** Makes the cgroup {@code id} with its limits. */
  void create(String id, Limits limits);

  /** Gives it other limits. */
  void limit(String id, Limits limits);

  /** Files to which a process id is written to move that process into the cgroup. */
  List<Path> joinFiles(String id);

  Usage usage(String id);

  /** Processes in it now. */
  List<Long> processes(String id);

  /** Whether the kernel killed a process in it because of its memory limit. */
  boolean outOfMemory(String id);

  /** Ids of the cgroups that exist now. */
  List<String> list();

  /** Kills what still runs in it and removes it; nothing happens if it does not exist. */
  void remove(String id);

  /** Removes the daemon's own group if nothing is left in it. */
  void removeEmptyParent();
}
