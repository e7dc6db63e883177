package dev.skep.microvm;

import dev.skep.host.HostProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** VMMs among the processes of the host. */
final class VmmProcess {
  private VmmProcess() {}

  /**
   * Whether it is the VMM of this machine: every VMM has {@link VmConfig#processName} in its
   * arguments.
   */
  static boolean isOf(long pid, String machine) {
    return HostProcess.arguments(pid).contains(VmConfig.processName(machine));
  }

  /** All VMMs whose working folder is below {@code root}, whatever became of the folder. */
  static List<Long> below(Path root) {
    return HostProcess.workingBelow(root).stream()
        // and not a shell of somebody who looks around
        .filter(pid -> machine(pid).filter(name -> isOf(pid, name)).isPresent())
        .toList();
  }

  private static Optional<String> machine(long pid) {
    return HostProcess.folder(pid).map(folder -> folder.getFileName().toString());
  }
}
