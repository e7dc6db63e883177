package dev.skep.linux;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The unified hierarchy. */
final class CgroupsV2 implements Cgroups {
  private static final long PERIOD_MICROS = 100_000;

  private final Path root;
  private final Path own;

  private CgroupsV2(Path root, Path own) {
    this.root = root;
    this.own = own;
  }

  static Optional<CgroupsV2> find(String name, String mounts) {
    for (String line : mounts.split("\n", -1)) {
      String[] fields = line.split(" ", -1);
      if (fields.length > 2 && fields[2].equals("cgroup2")) {
        Path root = Path.of(fields[1]);
        return hasControllers(root)
            ? Optional.of(new CgroupsV2(root, root.resolve(name)))
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static boolean hasControllers(Path root) {
    Path file = root.resolve("cgroup.controllers");
    return Files.exists(file)
        && Set.of(CgroupFiles.read(file).split(" ", -1)).containsAll(Set.of("memory", "cpu"));
  }

  @Override
  public int version() {
    return 2;
  }

  @Override
  public void create(String id, Limits limits) {
    if (!Files.isDirectory(own)) {
      CgroupFiles.write(root.resolve("cgroup.subtree_control"), "+memory +cpu");
      CgroupFiles.makeFolder(own);
      CgroupFiles.write(own.resolve("cgroup.subtree_control"), "+memory +cpu");
    }
    Path group = own.resolve(id);
    CgroupFiles.makeFolder(group);
    limit(id, limits);
  }

  @Override
  public void limit(String id, Limits limits) {
    Path group = own.resolve(id);
    CgroupFiles.write(group.resolve("memory.max"), Long.toString(limits.memoryBytes()));
    if (limits.cpus() > 0) {
      CgroupFiles.write(
          group.resolve("cpu.max"),
          Math.round(limits.cpus() * PERIOD_MICROS) + " " + PERIOD_MICROS);
    }
  }

  @Override
  public List<Path> joinFiles(String id) {
    return List.of(own.resolve(id).resolve("cgroup.procs"));
  }

  @Override
  public Usage usage(String id) {
    Map<String, Long> stat =
        CgroupFiles.keyed(CgroupFiles.read(own.resolve(id).resolve("memory.stat")));
    return new Usage(
        CgroupFiles.keyed(own.resolve(id).resolve("cpu.stat"), "usage_usec") * 1000,
        stat.getOrDefault("anon", 0L) + stat.getOrDefault("shmem", 0L));
  }

  @Override
  public List<Long> processes(String id) {
    return CgroupFiles.pids(own.resolve(id).resolve("cgroup.procs"));
  }

  @Override
  public boolean outOfMemory(String id) {
    Path events = own.resolve(id).resolve("memory.events");
    return Files.exists(events) && CgroupFiles.keyed(events, "oom_kill") > 0;
  }

  @Override
  public List<String> list() {
    return CgroupFiles.children(own);
  }

  @Override
  public void remove(String id) {
    CgroupFiles.killAndRemove(own.resolve(id));
  }

  @Override
  public void removeEmptyParent() {
    if (CgroupFiles.children(own).isEmpty()) {
      CgroupFiles.killAndRemove(own);
    }
  }
}
