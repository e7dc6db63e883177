package dev.skep.oci;

import dev.skep.api.SkepException;
import dev.skep.image.RootFiles;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether a process can be run at all, told before its container is made: runtimes tell less. */
public final class Programs {
  static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final int EXECUTE = 0111;

  private Programs() {}

  /**
   * Why not: its program, user or group is not in the image, or cannot be run by anybody. What is
   * mounted is not looked at: a program that may be there is tried.
   */
  public static Optional<StartFailure> problem(RootFiles image, SandboxSpec spec) {
    ProcessSpec process = spec.process();
    try {
      var _ = Account.of(image, process.user());
    } catch (SkepException e) {
      return Optional.of(StartFailure.of(Reason.CONFIGURATION, String.valueOf(e.getMessage())));
    }
    String name = process.argv().getFirst();
    String path = process.env().getOrDefault("PATH", DEFAULT_PATH);
    List<String> places = places(name, path, process.workingDir());
    Optional<String> why = Optional.empty();
    for (String place : places) {
      if (spec.mountsOver(place)) {
        return Optional.empty();
      }
      Optional<RootFiles.Entry> found = image.find(place);
      if (found.isPresent()) {
        Optional<String> unfit = unfit(place, found.get());
        if (unfit.isEmpty()) {
          return Optional.empty();
        }
        why = why.or(() -> unfit);
      }
    }
    String where = name.contains("/") ? "in the image" : "on the PATH of the function, " + path;
    String message = why.orElse("command " + name + ": not found " + where);
    return Optional.of(StartFailure.of(Reason.COMMAND_NOT_FOUND, message));
  }

  private static List<String> places(String name, String path, String folder) {
    if (name.contains("/")) {
      return List.of(name.startsWith("/") ? name : folder + "/" + name);
    }
    var places = new ArrayList<String>();
    for (String part : path.split(":", -1)) {
      places.add((part.startsWith("/") ? part : folder + "/" + part) + "/" + name);
    }
    return places;
  }

  private static Optional<String> unfit(String place, RootFiles.Entry entry) {
    if (entry.isDirectory()) {
      return Optional.of("command " + place + ": a folder (expected: a program)");
    }
    return (entry.permissions() & EXECUTE) != 0
        ? Optional.empty()
        : Optional.of(
            "command %s: mode %04o, not executable".formatted(place, entry.permissions()));
  }
}
