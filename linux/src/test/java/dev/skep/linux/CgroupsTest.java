package dev.skep.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupsTest {
  @TempDir Path root;

  @Test
  void separateHierarchiesAreVersion1AlsoBesideAnEmptyUnifiedOne() {
    String mounts =
        """
        cgroup /x/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
        cgroup /x/memory cgroup rw,relatime,memory 0 0
        cgroup2 /x/unified cgroup2 rw,relatime 0 0
        """;

    Cgroups cgroups = Cgroups.probe("skep-t", mounts).orElseThrow();

    assertThat(cgroups.version()).isEqualTo(1);
    assertThat(cgroups.joinFiles("a"))
        .containsExactly(
            Path.of("/x/memory/skep-t/a/cgroup.procs"),
            Path.of("/x/cpu,cpuacct/skep-t/a/cgroup.procs"));
  }

  @Test
  void unifiedHierarchyWithControllersIsVersion2() throws Exception {
    Files.writeString(root.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");

    Cgroups cgroups = Cgroups.probe("skep-t", mount()).orElseThrow();

    assertThat(cgroups.version()).isEqualTo(2);
  }

  @Test
  void unifiedHierarchyWithoutControllersIsNone() throws Exception {
    Files.writeString(root.resolve("cgroup.controllers"), "\n");

    assertThat(Cgroups.probe("skep-t", mount())).isEmpty();
  }

  @Test
  void limitsAndUsageOfVersion2AreWhatTheFilesSay() throws Exception {
    Files.writeString(root.resolve("cgroup.controllers"), "cpu memory\n");
    Cgroups cgroups = Cgroups.probe("skep-t", mount()).orElseThrow();

    Path group = root.resolve("skep-t/one");
    cgroups.create("one", new Cgroups.Limits(1 << 20, 0));
    assertThat(group.resolve("cpu.max")).as("no limit").doesNotExist();

    cgroups.limit("one", new Cgroups.Limits(1 << 20, 0.5));

    assertThat(group.resolve("memory.max")).hasContent("1048576");
    assertThat(group.resolve("cpu.max")).hasContent("50000 100000");
    Files.writeString(group.resolve("memory.stat"), "anon 10\nfile 1000\nshmem 5\n");
    Files.writeString(group.resolve("cpu.stat"), "usage_usec 7\nuser_usec 1\n");
    assertThat(cgroups.usage("one")).isEqualTo(new Cgroups.Usage(7000, 15));
    assertThat(cgroups.list()).containsExactly("one");
  }

  private String mount() {
    return "cgroup2 " + root + " cgroup2 rw,nosuid 0 0\n";
  }
}
