package dev.skep.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a function finds inside its container, and what it cannot do there even as root. */
@Tag("integration")
class ContainerContractTest {
  private static final int LINES = 20_000;

  @TempDir static Path state;
  private static HostedRuntime<ContainerRuntime> host;
  private static Sandbox function;
  private static Sandbox root;

  @BeforeAll
  static void startOneAsAUserAndOneAsRoot() {
    TestContainerd.assumeUsable();
    host = TestContainerd.open(state, TestContainerd.installed());
    function = started("contract01", "app", "inspect", "wait");
    root = started("contract02", "", "inspect", "lines", Integer.toString(LINES));
  }

  @AfterAll
  static void stopThem() {
    if (host != null) {
      Exit exit = function.stop(Duration.ofSeconds(5));
      root.stop(Duration.ZERO);
      host.close();
      assertThat(exit.code()).as("of its handler of SIGTERM").hasValue(42);
    }
  }

  @Test
  void runsAsTheImagesUserWithItsGroupsFolderAndEnvironment() {
    assertThat(inspect(function, "id"))
        .first()
        .asString()
        .contains("uid=1000 gid=1001 groups=", "cwd=/srv/new/folder umask=022");
    assertThat(inspect(function, "id").getFirst()).contains("10", "2000");
    assertThat(inspect(function, "id"))
        .contains(
            "PORT=8080",
            "HOME=/home/app",
            "HOSTNAME=fn-1",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    assertThat(inspect(root, "id")).contains("HOME=/root");
  }

  @Test
  void isProcessOneAndSeesOnlyItsOwn() {
    assertThat(inspect(function, "show", "/proc/1/cmdline").toString()).contains("inspect\0wait");
    assertThat(inspect(function, "list", "/proc").stream().filter(name -> name.matches("\\d+")))
        .hasSizeBetween(2, 3);
  }

  @Test
  void devicesAreThoseOfTheRuntimeContract() {
    assertThat(
            inspect(
                function,
                ("describe /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd"
                        + " /dev/stdin /dev/stdout /dev/stderr /dev/ptmx /dev/console /dev/vda")
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
            "/dev/console: No such file or directory",
            "/dev/vda: No such file or directory");
    assertThat(inspect(function, "describe", "/tmp", "/dev/shm"))
        .containsExactly("/tmp 41777 0:0 ", "/dev/shm 41777 0:0 ");
  }

  @Test
  void kernelsFilesAreReadOnlyOrMasked() {
    assertThat(inspect(function, "show", "/proc/self/mounts"))
        .anyMatch(line -> line.startsWith("proc /proc/sys proc ro,"))
        .anyMatch(line -> line.startsWith("sysfs /sys sysfs ro,"))
        .anyMatch(line -> line.matches("\\S+ /sys/fs/cgroup\\S* cgroup2? ro,.*"));
    assertThat(inspect(root, "open", "/proc/sys/kernel/hostname"))
        .contains("open: Read-only file system");
    assertThat(inspect(root, "show", "/proc/timer_list")).isEmpty();
    assertThat(inspect(root, "list", "/sys/firmware")).containsExactlyInAnyOrder(".", "..");
  }

  @Test
  void cgroupShowsTheLimitsAndCannotBeChanged() {
    boolean second = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
    String memory = second ? "memory.max" : "memory/memory.limit_in_bytes";
    assertThat(inspect(function, "show", "/sys/fs/cgroup/" + memory)).containsExactly("67108864");
    if (second) {
      assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu.max"))
          .containsExactly("50000 100000");
    } else {
      assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"))
          .containsExactly("50000");
      assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu/cpu.shares")).containsExactly("512");
    }
    assertThat(inspect(root, "open", "/sys/fs/cgroup/" + memory))
        .contains("open: Read-only file system");
  }

  @Test
  void filesOfEtcTellWhoAndWhereItIs() {
    String address = function.endpoint().getAddress().getHostAddress();
    assertThat(inspect(function, "show", "/etc/hostname")).containsExactly("fn-1");
    assertThat(inspect(function, "show", "/etc/hosts"))
        .contains("127.0.0.1\tlocalhost", address + "\tfn-1");
    assertThat(inspect(function, "describe", "/etc/resolv.conf"))
        .containsExactly("/etc/resolv.conf 100644 0:0 ");
    List<String> machine = inspect(function, "show", "/etc/machine-id");
    assertThat(machine.getFirst()).matches("[0-9a-f]{32}");
    assertThat(inspect(root, "show", "/etc/machine-id")).isNotEqualTo(machine);
  }

  @Test
  void rootHasTheCapabilitiesOfAContainer() {
    assertThat(inspect(root, "show", "/proc/self/status"))
        .contains(
            "CapEff:\t00000000a80425fb",
            "CapBnd:\t00000000a80425fb",
            "NoNewPrivs:\t0",
            "Seccomp:\t2");
  }

  @Test
  void callsThatAreNoFunctionsMatterAreRefusedWhoeverMakesThem() {
    for (Sandbox each : List.of(function, root)) {
      assertThat(inspect(each, "calls"))
          .containsExactly(
              "keyctl: Operation not permitted",
              "unshare: Operation not permitted",
              "mount: Operation not permitted",
              "kexec_load: Operation not permitted",
              "io_uring_setup: Operation not permitted",
              "clone3: Function not implemented",
              "socket of a virtual machine: Operation not permitted",
              "personality: Operation not permitted",
              "personality, asked: done",
              "ptrace: done");
    }
  }

  @Test
  void rootCannotOpenDevicesThatItMakes() {
    assertThat(inspect(root, "node", "/drive", "b", "254", "0"))
        .contains("mknod: done")
        .doesNotContain("open: done");
    assertThat(inspect(root, "node", "/dev/kmsg", "c", "1", "11"))
        .contains("mknod: done")
        .doesNotContain("open: done");
  }

  @Test
  void rootCannotClimbOutOfItsRoot() {
    assertThat(inspect(root, "escape")).contains("bin", "srv").doesNotContain("work", "boot");
  }

  @Test
  void whatItWritesIsItsOwnMemoryAndBounded() {
    assertThat(inspect(function, "show", "/proc/self/mounts"))
        .anyMatch(line -> line.startsWith("overlay / overlay rw,nodev,"));
  }

  @Test
  void everyLineOfABurstIsLoggedInOrder() {
    Path log = root.spec().logFile();

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(Files.readAllLines(log)).hasSize(LINES + 1));
    assertThat(log).content().contains(" stdout F line " + (LINES - 1) + "\n");
  }

  private static Sandbox started(String id, String user, String... argv) {
    var probe =
        new Probe(
            new Probe.Exec(List.of("inspect", "id")),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofSeconds(5),
            1,
            3);
    var spec =
        new SandboxSpec(
            id,
            "fn-1",
            Map.of(),
            TestImage.inspect(),
            "sha256:" + "0".repeat(64),
            new ProcessSpec(List.of(argv), Map.of("PORT", "8080"), user, "/srv/new/folder"),
            new Resources(0.5, 64L << 20),
            8080,
            probe,
            Duration.ofSeconds(30),
            NetworkPolicy.DEFAULT,
            state.resolve(id + ".log"));
    return switch (host.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime))) {
      case StartOutcome.Ok(Sandbox sandbox) -> sandbox;
      case StartOutcome.Failed failed -> throw new AssertionError(failed);
    };
  }

  private static List<String> inspect(Sandbox sandbox, String... arguments) {
    String[] argv = new String[arguments.length + 1];
    argv[0] = "inspect";
    System.arraycopy(arguments, 0, argv, 1, arguments.length);
    ExecResult result = sandbox.exec(List.of(argv), new byte[0], Duration.ofSeconds(20));
    assertThat(result.exitCode()).as(String.join(" ", argv)).isZero();
    return new String(result.stdout(), StandardCharsets.UTF_8).lines().toList();
  }
}
