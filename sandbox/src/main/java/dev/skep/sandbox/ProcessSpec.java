package dev.skep.sandbox;

import java.util.List;
import java.util.Map;

/**
 * The process of a function, image defaults already merged in.
 *
 * @param argv program and arguments, never empty; a program without a slash is looked up on the
 *     PATH of {@code env}
 * @param user as an image config writes it: empty (root), {@code uid}, {@code name}, {@code
 *     uid:gid}, {@code name:group}; names are looked up inside the image
 * @param workingDir absolute; made if it does not exist
 */
public record ProcessSpec(
    List<String> argv, Map<String, String> env, String user, String workingDir) {
  public ProcessSpec {
    argv = List.copyOf(argv);
    if (argv.isEmpty()) {
      throw new IllegalArgumentException("argv: empty (expected: at least the program)");
    }
  }
}
