package dev.skep.oci;

import dev.skep.oci.OciSpec.Mount;
import dev.skep.oci.OciSpec.Rlimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What every container gets: the same as a function finds in a microVM, and as engines give. */
final class ContainerDefaults {
  private static final long SOFT_FILES = 65_536;
  private static final long HARD_FILES = 1_048_576;

  /** As a VMM's. Engines run with less than 0, which their containers would inherit. */
  static final int OOM_SCORE = 300;

  static final List<String> CAPABILITIES =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FSETID",
          "CAP_FOWNER",
          "CAP_MKNOD",
          "CAP_NET_RAW",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETFCAP",
          "CAP_SETPCAP",
          "CAP_NET_BIND_SERVICE",
          "CAP_SYS_CHROOT",
          "CAP_KILL",
          "CAP_AUDIT_WRITE");

  static final Mount TMP = mount("/tmp", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=1777");

  static final List<Mount> MOUNTS =
      List.of(
          mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
          mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
          mount(
              "/dev/pts",
              "devpts",
              "devpts",
              "nosuid",
              "noexec",
              "newinstance",
              "ptmxmode=0666",
              "mode=0620",
              "gid=5"),
          mount(
              "/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
          mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
          mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
          mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "ro"));

  static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");

  private ContainerDefaults() {}

  /** No more than this process may have: root without CAP_SYS_RESOURCE cannot raise it. */
  static Rlimit openFiles() {
    long most = mostFiles();
    return new Rlimit("RLIMIT_NOFILE", Math.min(SOFT_FILES, most), Math.min(HARD_FILES, most));
  }

  private static long mostFiles() {
    try {
      return Files.readAllLines(Path.of("/proc/self/limits")).stream()
          .filter(line -> line.startsWith("Max open files"))
          .map(line -> line.split(" {2,}", -1)[2])
          .filter(hard -> hard.matches("\\d+"))
          .mapToLong(Long::parseLong)
          .findFirst()
          .orElse(HARD_FILES);
    } catch (IOException e) {
      return SOFT_FILES;
    }
  }

  private static Mount mount(String target, String type, String source, String... options) {
    return new Mount(target, type, source, List.of(options));
  }
}
