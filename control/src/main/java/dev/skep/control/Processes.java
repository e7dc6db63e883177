package dev.skep.control;

import dev.skep.api.RevisionSpec;
import dev.skep.image.ImageConfig;
import dev.skep.sandbox.ProcessSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What runs in an instance: the image's config with the revision's wishes on top; pure. */
public final class Processes {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private Processes() {}

  /**
   * Empty when neither the image nor the revision names a command.
   *
   * @param variables that the revision asks for
   */
  static Optional<ProcessSpec> merge(
      ImageConfig image, RevisionSpec wishes, Map<String, String> variables, Names names) {
    var command =
        new Wishes(
            wishes.command(),
            wishes.args(),
            wishes.workingDir(),
            wishes.runAsUser().map(uid -> Integer.toString(uid)));
    return merge(image, command, promised(variables, wishes.port(), names));
  }

  /**
   * The same for whoever asks: in place of the image's entrypoint, cmd, folder and user.
   *
   * @param user as {@link ProcessSpec} has it
   */
  public record Wishes(
      List<String> command,
      List<String> args,
      Optional<String> workingDir,
      Optional<String> user) {}

  /** Empty when neither the image nor the wishes name a command. */
  public static Optional<ProcessSpec> merge(
      ImageConfig image, Wishes wishes, Map<String, String> variables) {
    List<String> argv = argv(image, wishes);
    if (argv.isEmpty()) {
      return Optional.empty();
    }
    var env = new LinkedHashMap<String, String>();
    env.put("PATH", DEFAULT_PATH);
    env.putAll(image.env());
    env.putAll(variables);
    return Optional.of(
        new ProcessSpec(
            argv, env, wishes.user().orElse(image.user()), workingDir(image, wishes)));
  }

  /** For the variables that Knative's runtime contract promises. */
  record Names(String service, String revision) {}

  /** As Kubernetes does: a command also drops the image's cmd. */
  private static List<String> argv(ImageConfig image, Wishes wishes) {
    boolean ownCommand = !wishes.command().isEmpty();
    var argv = new ArrayList<>(ownCommand ? wishes.command() : image.entrypoint());
    boolean ownArgs = ownCommand || !wishes.args().isEmpty();
    argv.addAll(ownArgs ? wishes.args() : image.cmd());
    return argv;
  }

  private static Map<String, String> promised(
      Map<String, String> variables, int port, Names names) {
    var env = new LinkedHashMap<>(variables);
    env.put("PORT", Integer.toString(port));
    env.put("K_SERVICE", names.service());
    env.put("K_CONFIGURATION", names.service());
    env.put("K_REVISION", names.revision());
    return env;
  }

  private static String workingDir(ImageConfig image, Wishes wishes) {
    String folder = wishes.workingDir().orElse(image.workingDir());
    if (folder.isEmpty()) {
      return "/";
    }
    return folder.startsWith("/") ? folder : "/" + folder;
  }
}
