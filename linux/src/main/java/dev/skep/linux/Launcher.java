package dev.skep.linux;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Starts programs that outlive this process and can do little: each in its own session, in its
 * cgroups and network namespace, as an unprivileged user, if asked in a root that shows it little
 * of the host's files. The work is done by a small static program ({@code launch.c}), because a
 * Java process can do none of it between fork and exec.
 */
public final class Launcher {
  /** The tap's descriptor in the program, and the first of {@code files} where there is no tap. */
  public static final int FIRST_FD = 3;

  /** Exit code of a launch that failed before the program ran; standard error says why. */
  public static final int FAILED = 125;

  /**
   * What the program may do and what it gets.
   *
   * @param cgroupFiles joined by writing to them
   * @param devices nodes below {@code /dev} that the program alone sees as its own and may open,
   *     whoever may open the host's
   * @param tap opened as descriptor 3, if any
   * @param files opened read-only, as the descriptors that follow
   * @param root that the program has in place of the host's, if any
   * @param environment all that the program has beside the search path: this process's own may hold
   *     secrets
   * @param maxFileBytes no file grows beyond this by the program's hand
   * @param user and {@code group}: 0 keeps the caller's
   */
  public record Confinement(
      List<Path> cgroupFiles,
      Optional<Path> networkNamespace,
      List<Path> devices,
      Optional<String> tap,
      List<Path> files,
      Optional<Root> root,
      Map<String, String> environment,
      long maxFileBytes,
      long user,
      long group) {
    public Confinement {
      cgroupFiles = List.copyOf(cgroupFiles);
      devices = List.copyOf(devices);
      files = List.copyOf(files);
      environment = Map.copyOf(environment);
    }

    /** The same with these variables, which may name its descriptors. */
    public Confinement withEnvironment(Map<String, String> variables) {
      return new Confinement(
          cgroupFiles,
          networkNamespace,
          devices,
          tap,
          files,
          root,
          variables,
          maxFileBytes,
          user,
          group);
    }

    /** The same in a root of its own. */
    public Confinement withRoot(Root own) {
      return new Confinement(
          cgroupFiles,
          networkNamespace,
          devices,
          tap,
          files,
          Optional.of(own),
          environment,
          maxFileBytes,
          user,
          group);
    }

    /** The program's path to {@code files.get(index)}. */
    public int descriptor(int index) {
      return FIRST_FD + (tap.isPresent() ? 1 : 0) + index;
    }
  }

  /**
   * What a program sees of the host's files, under their own paths: its working folder, what is
   * named here, and of the processes itself.
   *
   * @param readable read-only, with what is in them
   * @param places paths at which it finds empty files, until {@link ForeignRoot} shows it others
   */
  public record Root(List<Path> readable, List<Path> places) {
    public Root {
      readable = List.copyOf(readable);
      places = List.copyOf(places);
    }
  }

  private static final String OOM_SCORE_ADJUSTMENT = "300"; // the daemon is to die last

  private final Path program;

  private Launcher(Path program) {
    this.program = program;
  }

  /** Puts the launching program into the folder, if it is not there. */
  public static Launcher in(Path folder) {
    return new Launcher(Bundled.unpack(Launcher.class, "launch", folder));
  }

  /**
   * Starts the program in the folder, with its output in {@code log}.
   *
   * @throws SkepException if the launching program itself cannot be run
   */
  public Process start(List<String> argv, Confinement confinement, Path folder, Path log) {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(commandLine(argv, confinement, folder))
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().keySet().retainAll(Set.of("PATH"));
      return builder.start();
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, program + ": cannot be run: " + e.getMessage(), e);
    }
  }

  List<String> commandLine(List<String> argv, Confinement confinement, Path folder) {
    var line = new ArrayList<String>();
    line.add(program.toString());
    confinement.cgroupFiles().forEach(file -> add(line, "--cgroup", file));
    add(line, "--oom", OOM_SCORE_ADJUSTMENT);
    confinement.networkNamespace().ifPresent(file -> add(line, "--netns", file));
    confinement.devices().forEach(device -> add(line, "--device", device));
    confinement.tap().ifPresent(name -> add(line, "--tap", name));
    confinement.files().forEach(file -> add(line, "--open", file));
    confinement
        .root()
        .ifPresent(
            root -> {
              add(line, "--root", folder.toAbsolutePath());
              root.readable().forEach(path -> add(line, "--read", path));
              root.places().forEach(place -> add(line, "--place", place));
            });
    confinement.environment().forEach((name, value) -> add(line, "--env", name + "=" + value));
    add(line, "--fsize", confinement.maxFileBytes());
    add(line, "--gid", confinement.group());
    add(line, "--uid", confinement.user());
    line.add("--");
    line.addAll(argv);
    return line;
  }

  private static void add(List<String> line, String option, Object value) {
    line.add(option);
    line.add(value.toString());
  }
}
