package dev.skep.microvm;

import static dev.skep.microvm.GuestHost.inspect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Sandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a function finds inside its guest, and what it cannot do there even as root. */
@Tag("integration")
class GuestContractTest {
  private static final int LINES = 20_000;

  @TempDir static Path state;
  private static GuestHost host;
  private static Sandbox function;
  private static Sandbox root;

  @BeforeAll
  static void startOneAsAUserAndOneAsRoot() {
    TestHost.assumeUsable();
    host = new GuestHost(state, 0.5);
    function = host.started("app", GuestHost.RUNS, "inspect", "wait");
    root = host.started("", GuestHost.RUNS, "inspect", "lines", Integer.toString(LINES));
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
        .contains("uid=1000 gid=1001 groups=10,1001,2000 cwd=/srv/new/folder umask=022");
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
        .anyMatch(line -> line.startsWith("cgroup2 /sys/fs/cgroup cgroup2 ro,"));
    assertThat(inspect(root, "open", "/proc/sys/kernel/hostname"))
        .contains("open: Read-only file system");
    assertThat(inspect(root, "show", "/proc/timer_list")).isEmpty();
    assertThat(inspect(root, "list", "/sys/firmware")).containsExactlyInAnyOrder(".", "..");
  }

  @Test
  void cgroupShowsTheLimitsAndCannotBeChanged() {
    assertThat(inspect(function, "show", "/sys/fs/cgroup/memory.max")).containsExactly("67108864");
    assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu.max")).containsExactly("50000 100000");
    assertThat(inspect(function, "show", "/sys/fs/cgroup/cpu.weight")).containsExactly("100");
    assertThat(inspect(root, "open", "/sys/fs/cgroup/memory.max"))
        .contains("open: Read-only file system");
  }

  @Test
  void filesOfEtcTellWhoAndWhereItIs() {
    assertThat(inspect(function, "show", "/etc/hostname")).containsExactly("fn-1");
    assertThat(inspect(function, "show", "/etc/hosts"))
        .contains("127.0.0.1\tlocalhost", "172.16.0.2\tfn-1");
    assertThat(inspect(function, "describe", "/etc/resolv.conf"))
        .containsExactly("/etc/resolv.conf 100644 0:0 ");
    assertThat(inspect(function, "show", "/etc/resolv.conf"))
        .containsExactly(
            "nameserver 172.16.0.1",
            "search default.svc.cluster.local svc.cluster.local",
            "options ndots:5");
    List<String> machine = inspect(function, "show", "/etc/machine-id");
    assertThat(machine.getFirst()).matches("[0-9a-f]{32}");
    assertThat(inspect(root, "show", "/etc/machine-id")).isNotEqualTo(machine);
  }

  @Test
  void clockIsTheHostsAndFine() {
    String[] clock = inspect(function, "clock").getFirst().split(" ");

    assertThat(Long.parseLong(clock[1])).isCloseTo(Instant.now().getEpochSecond(), within(5L));
    assertThat(clock[0]).as("resolution in nanoseconds").isEqualTo("1");
  }

  @Test
  void rootHasTheCapabilitiesOfAContainer() {
    assertThat(inspect(root, "show", "/proc/self/status"))
        .contains("CapEff:\t00000000a80425fb", "CapBnd:\t00000000a80425fb", "NoNewPrivs:\t0");
  }

  @Test
  void rootCannotOpenDevicesThatItMakes() {
    assertThat(inspect(root, "node", "/tmp/drive", "b", "254", "0"))
        .containsExactly("mknod: done", "open: Permission denied");
    assertThat(inspect(root, "node", "/dev/kmsg", "c", "1", "11"))
        .containsExactly("mknod: done", "open: Permission denied");
  }

  @Test
  void rootCannotClimbOutOfItsRoot() {
    assertThat(inspect(root, "escape")).contains("answers", "srv").doesNotContain("modules");
  }

  @Test
  void agentCannotBeDialledFromInside() {
    assertThat(inspect(root, "dial", "172.16.0.2", "1024", "172.16.0.1"))
        .contains("bind: done", "dial: Operation now in progress");
    assertThat(inspect(root, "dial", "172.16.0.2", "1024", "172.16.0.2"))
        .doesNotContain("dial: done");
  }

  @Test
  void everyLineOfABurstIsLoggedInOrder() {
    Path log = root.spec().logFile();

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(Files.readAllLines(log)).hasSize(LINES + 1));
    assertThat(log).content().contains(" stdout F line " + (LINES - 1) + "\n");
  }
}
