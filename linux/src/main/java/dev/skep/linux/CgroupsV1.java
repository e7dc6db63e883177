package dev.skep.linux;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Separate hierarchies for memory, CPU limits and CPU accounting; some may be one mount. Container
 * runtimes make a cgroup in each of the others too, which is removed with these.
 */
final class CgroupsV1 implements Cgroups {
  private static final long PERIOD_MICROS = 100_000;

  private final Path memory;
  private final Path cpu;
  private final Path accounting;
  private final List<Path> all;

  private CgroupsV1(Path memory, Path cpu, Path accounting, List<Path> all) {
    this.memory = memory;
    this.cpu = cpu;
    this.accounting = accounting;
    this.all = all;
  }

  static Optional<CgroupsV1> find(String name, String mounts) {
    Map<String, Path> controllers = new HashMap<>();
    List<Path> all = new ArrayList<>();
    for (String line : mounts.split("\n", -1)) {
      String[] fields = line.split(" ", -1);
      if (fields.length > 3 && fields[2].startsWith("cgroup")) {
        all.add(Path.of(fields[1]).resolve(name));
      }
      if (fields.length > 3 && fields[2].equals("cgroup")) {
        for (String option : fields[3].split(",", -1)) {
          controllers.put(option, Path.of(fields[1]));
        }
      }
    }
    Path memory = controllers.get("memory");
    Path cpu = controllers.get("cpu");
    Path accounting = controllers.get("cpuacct");
    return memory == null || cpu == null || accounting == null
        ? Optional.empty()
        : Optional.of(
            new CgroupsV1(memory.resolve(name), cpu.resolve(name), accounting.resolve(name), all));
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public void create(String id, Limits limits) {
    roots().forEach(root -> CgroupFiles.makeFolder(root.resolve(id)));
    limit(id, limits);
  }

  @Override
  public void limit(String id, Limits limits) {
    CgroupFiles.write(
        memory.resolve(id).resolve("memory.limit_in_bytes"), Long.toString(limits.memoryBytes()));
    if (limits.cpus() > 0) {
      CgroupFiles.write(
          cpu.resolve(id).resolve("cpu.cfs_quota_us"),
          Long.toString(Math.round(limits.cpus() * PERIOD_MICROS)));
    }
  }

  @Override
  public List<Path> joinFiles(String id) {
    return roots().map(root -> root.resolve(id).resolve("cgroup.procs")).toList();
  }

  @Override
  public Usage usage(String id) {
    Map<String, Long> stat =
        CgroupFiles.keyed(CgroupFiles.read(memory.resolve(id).resolve("memory.stat")));
    return new Usage(
        Long.parseLong(CgroupFiles.read(accounting.resolve(id).resolve("cpuacct.usage"))),
        stat.getOrDefault("total_rss", 0L) + stat.getOrDefault("total_shmem", 0L));
  }

  @Override
  public List<Long> processes(String id) {
    return CgroupFiles.pids(memory.resolve(id).resolve("cgroup.procs"));
  }

  @Override
  public boolean outOfMemory(String id) {
    Path control = memory.resolve(id).resolve("memory.oom_control");
    return Files.exists(control) && CgroupFiles.keyed(control, "oom_kill") > 0;
  }

  @Override
  public List<String> list() {
    return all.stream().flatMap(root -> CgroupFiles.children(root).stream()).distinct().toList();
  }

  @Override
  public void remove(String id) {
    all.forEach(root -> CgroupFiles.killAndRemove(root.resolve(id)));
  }

  @Override
  public void removeEmptyParent() {
    all.stream()
        .filter(root -> CgroupFiles.children(root).isEmpty())
        .forEach(CgroupFiles::killAndRemove);
  }

  private Stream<Path> roots() {
    return Stream.of(memory, cpu, accounting).distinct();
  }
}
