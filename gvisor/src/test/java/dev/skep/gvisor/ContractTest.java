package dev.skep.gvisor;

import static dev.skep.gvisor.TestSandboxes.inspect;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.host.GuestNetworks;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Line by line, what the runtime contract promises to a function, under a current runsc. */
@Tag("integration")
@TestInstance(Lifecycle.PER_CLASS)
class ContractTest {
  private HostedRuntime<GvisorRuntime> runtime;
  private Sandbox function;
  private Sandbox root;

  TestRunsc runsc() {
    return TestRunsc.CURRENT;
  }

  @BeforeAll
  void startOneAsAUserAndOneAsRoot(@TempDir Path state) {
    runsc().assumeUsable();
    runtime = runsc().open(state);
    var sandboxes = new TestSandboxes(runtime, state);
    function =
        sandboxes.started(
            sandboxes.spec(
                "user000000", "app", "/srv/new/folder", TestSandboxes.RUNS, "inspect", "wait"),
            new StartPlan.Boot());
    root =
        sandboxes.started(
            sandboxes.spec("root000000", "", "/", TestSandboxes.RUNS, "inspect", "wait"),
            new StartPlan.Boot());
  }

  @AfterAll
  void stopThem() {
    if (runtime != null) {
      function.stop(Duration.ZERO);
      root.stop(Duration.ZERO);
      runtime.close();
    }
  }

  @Test
  void runsAsTheImagesUserWithItsGroupsFolderAndEnvironment() {
    List<String> lines = inspect(function, "id");
    assertThat(lines.getFirst())
        .contains("uid=1000 gid=1001", "10", "cwd=/srv/new/folder", "umask=022");
    assertThat(lines)
        .contains(
            "PORT=8080",
            "HOME=/home/app",
            "HOSTNAME=host-user000000",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    assertThat(inspect(root, "id")).contains("HOME=/root");
  }

  @Test
  void devicesAreThoseOfTheRuntimeContract() {
    assertThat(
            inspect(
                function,
                ("describe /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd"
                        + " /dev/stdin /dev/stdout /dev/stderr /dev/ptmx /dev/console")
                    .split(" ")))
        .containsExactly(
            "/dev/null 20666 1:3 ",
            "/dev/zero 20666 1:5 ",
            "/dev/full 20666 1:7 ",
            "/dev/random 20666 1:8 ",
            "/dev/urandom 20666 1:9 ",
            "/dev/tty 20666 5:0 ",
            "/dev/fd 120777 0:0 /proc/self/fd",
            "/dev/stdin 120777 0:0 /proc/self/fd/0",
            "/dev/stdout 120777 0:0 /proc/self/fd/1",
            "/dev/stderr 120777 0:0 /proc/self/fd/2",
            "/dev/ptmx 120777 0:0 pts/ptmx",
            "/dev/console: No such file or directory");
    assertThat(inspect(function, "describe", "/tmp", "/dev/shm"))
        .containsExactly("/tmp 41777 0:0 ", "/dev/shm 41777 0:0 ");
  }

  /** What starts it has all CPUs of the host; it itself has not. */
  @Test
  void theSandboxsOwnCgroupHasTheFunctionsCpus() throws IOException {
    String group = "skep-" + GuestNetworks.plan(runtime.host().state()).tag() + "/user000000/";
    Path second = Path.of("/sys/fs/cgroup", group, "cpu.max");
    Path first = Path.of("/sys/fs/cgroup/cpu", group, "cpu.cfs_quota_us");
    assertThat(Files.exists(second) ? second : first).content().startsWith("50000");
  }

  @Test
  void cgroupShowsTheLimitsAndCannotBeChanged() {
    assertThat(inspect(function, "show", "/sys/fs/cgroup/memory.max")).containsExactly("67108864");
    assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu.max")).containsExactly("50000 100000");
    assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu.weight")).containsExactly("100");
    assertThat(inspect(root, "open", "/sys/fs/cgroup/memory.max"))
        .contains("open: Read-only file system");
    assertThat(inspect(function, "show", "/proc/self/mounts"))
        .anyMatch(line -> line.contains(" /sys/fs/cgroup ") && line.contains(" ro"));
    assertThat(inspect(function, "show", "/proc/meminfo"))
        .first()
        .asString()
        .matches("MemTotal: +65536 kB");
  }

  @Test
  void kernelsFilesCannotBeWritten() {
    assertThat(inspect(root, "show", "/proc/self/mounts"))
        .anyMatch(line -> line.contains(" /sys sysfs ro"));
    assertThat(inspect(root, "show", "/proc/kcore").toString()).contains("No such file");
  }

  @Test
  void filesOfEtcTellWhoAndWhereItIs() {
    assertThat(inspect(function, "show", "/etc/hostname")).containsExactly("host-user000000");
    assertThat(inspect(function, "show", "/etc/hosts"))
        .contains(
            "127.0.0.1\tlocalhost",
            function.endpoint().getAddress().getHostAddress() + "\thost-user000000");
    assertThat(inspect(function, "describe", "/etc/resolv.conf"))
        .containsExactly("/etc/resolv.conf 100644 0:0 ");
    assertThat(inspect(function, "show", "/etc/machine-id").getFirst()).matches("[0-9a-f]{32}");
    assertThat(inspect(root, "show", "/etc/machine-id"))
        .isNotEqualTo(inspect(function, "show", "/etc/machine-id"));
  }

  @Test
  void rootHasTheCapabilitiesOfAContainerButRawSockets() {
    assertThat(inspect(root, "show", "/proc/self/status")).contains("CapEff:\t00000000a80405fb");
    assertThat(inspect(function, "show", "/proc/self/status"))
        .contains("CapEff:\t0000000000000000");
  }

  @Test
  void standardInputIsAtItsEnd() {
    assertThat(TestSandboxes.run(function, "/kit", "cat")).isEmpty();
    assertThat(inspect(function, "describe", "/proc/1/fd/0").getFirst()).isNotEmpty();
  }
}
