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
    return merge(image, command, own(wishes, variables, names));
  }

  /**
   * What is wanted in place of the image's entrypoint, cmd, folder and user.
   *
   * @param user as {@link ProcessSpec} has it
   */
  public record Wishes(
      List<String> command,
      List<String> args,
      Optional<String> workingDir,
      Optional<String> user) {}

  /**
   * Empty when neither the image nor the wishes name a command.
   *
   * @param own variables besides the image's
   */
  public static Optional<ProcessSpec> merge(
      ImageConfig image, Wishes wishes, Map<String, String> own) {
    List<String> argv = argv(image, wishes, own);
    if (argv.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new ProcessSpec(
            argv, env(image, own), wishes.user().orElse(image.user()), workingDir(image, wishes)));
  }

  /** For the variables that Knative's runtime contract promises. */
  record Names(String service, String configuration, String revision) {}

  /**
   * As Kubernetes does: a command also drops the image's cmd, and only what the revision says has
   * variables expanded, its own ones.
   */
  private static List<String> argv(ImageConfig image, Wishes wishes, Map<String, String> own) {
    boolean ownCommand = !wishes.command().isEmpty();
    var argv = new ArrayList<>(ownCommand ? expand(wishes.command(), own) : image.entrypoint());
    boolean ownArgs = ownCommand || !wishes.args().isEmpty();
    argv.addAll(ownArgs ? expand(wishes.args(), own) : image.cmd());
    return argv;
  }

  private static List<String> expand(List<String> texts, Map<String, String> variables) {
    return texts.stream().map(text -> Environment.expand(text, variables)).toList();
  }

  /** What the revision asks for and the contract promises, without the image's. */
  private static Map<String, String> own(
      RevisionSpec wishes, Map<String, String> variables, Names names) {
    var own = new LinkedHashMap<>(variables);
    own.put("PORT", Integer.toString(wishes.port()));
    own.put("K_SERVICE", names.service());
    own.put("K_CONFIGURATION", names.configuration());
    own.put("K_REVISION", names.revision());
    return own;
  }

  private static Map<String, String> env(ImageConfig image, Map<String, String> own) {
    var env = new LinkedHashMap<String, String>();
    env.put("PATH", DEFAULT_PATH);
    env.putAll(image.env());
    env.putAll(own);
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
