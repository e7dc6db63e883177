package dev.skep.microvm;

import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts VMMs as processes that can do little: each works in its machine's folder, as its user, in
 * its cgroup and network namespace, with the devices and files that it is given.
 */
final class VmmLauncher {
  /** No file that a VMM writes, the console's above all, can fill the disk. */
  private static final long MAX_FILE_BYTES = 64 << 20;

  private final Launcher launcher;

  /**
   * @param programs where the launching program is put
   */
  VmmLauncher(Path programs) {
    this.launcher = Launcher.in(programs);
  }

  /**
   * What the machine's VMM may use.
   *
   * @param devices those that this host has become the VMM's own
   * @param tap opened for the VMM, or none if it opens that itself
   */
  Confinement confinement(
      VmConfig config, List<Path> devices, Optional<String> tap, List<Path> files) {
    return new Confinement(
        config.cgroupFiles(),
        Optional.of(config.network().namespace()),
        devices.stream().filter(Files::exists).toList(),
        tap,
        files,
        Optional.empty(),
        Map.of(),
        Math.max(MAX_FILE_BYTES, config.memoryBytes()),
        config.user(),
        config.user());
  }

  /**
   * Starts it in the machine's folder.
   *
   * @param output name of the file there to which it writes
   */
  Process start(VmConfig config, List<String> line, Confinement confinement, String output) {
    return launcher.start(line, confinement, config.folder(), config.folder().resolve(output));
  }
}
