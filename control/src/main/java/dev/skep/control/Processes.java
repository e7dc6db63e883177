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
final class Processes {
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
    List<String> argv = argv(image, wishes);
    if (argv.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new ProcessSpec(
            argv,
            env(image, wishes, variables, names),
            user(image, wishes),
            workingDir(image, wishes)));
  }

  /** For the variables that Knative's runtime contract promises. */
  record Names(String service, String revision) {}

  /** As Kubernetes does: a command also drops the image's cmd. */
  private static List<String> argv(ImageConfig image, RevisionSpec wishes) {
    boolean ownCommand = !wishes.command().isEmpty();
    var argv = new ArrayList<>(ownCommand ? wishes.command() : image.entrypoint());
    boolean ownArgs = ownCommand || !wishes.args().isEmpty();
    argv.addAll(ownArgs ? wishes.args() : image.cmd());
    return argv;
  }

  private static Map<String, String> env(
      ImageConfig image, RevisionSpec wishes, Map<String, String> variables, Names names) {
    var env = new LinkedHashMap<String, String>();
    env.put("PATH", DEFAULT_PATH);
    env.putAll(image.env());
    env.putAll(variables);
    env.put("PORT", Integer.toString(wishes.port()));
    env.put("K_SERVICE", names.service());
    env.put("K_CONFIGURATION", names.service());
    env.put("K_REVISION", names.revision());
    return env;
  }

  private static String user(ImageConfig image, RevisionSpec wishes) {
    return wishes.runAsUser().map(uid -> Integer.toString(uid)).orElse(image.user());
  }

  private static String workingDir(ImageConfig image, RevisionSpec wishes) {
    String folder = wishes.workingDir().orElse(image.workingDir());
    if (folder.isEmpty()) {
      return "/";
    }
    return folder.startsWith("/") ? folder : "/" + folder;
  }
}
