package dev.skep.gvisor;

import dev.skep.linux.Bundled;
import dev.skep.linux.Launcher;
import dev.skep.linux.Launcher.Confinement;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts runsc below a small program that stays with what it leaves behind ({@code hold.c}).
 *
 * @param launcher that puts both into a sandbox's cgroup
 * @param program that stays
 */
record Holder(Launcher launcher, Path program) {
  /** Puts the programs into the folder, if they are not there. */
  static Holder in(Path folder) {
    return new Holder(Launcher.in(folder), Bundled.unpack(Holder.class, "hold", folder));
  }

  /**
   * Starts the command in the folder; ends when the command does, with its exit code.
   *
   * @param cgroupFiles what all of it joins before it does anything
   * @param log for what goes wrong before the command says anything
   */
  Process start(List<String> command, List<Path> cgroupFiles, Path folder, Path log) {
    var line = new ArrayList<String>();
    line.add(program.toString());
    line.addAll(command);
    var confinement =
        new Confinement(
            cgroupFiles,
            Optional.empty(),
            List.of(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Map.of(),
            0,
            0,
            0);
    return launcher.start(line, confinement, folder, log);
  }
}
