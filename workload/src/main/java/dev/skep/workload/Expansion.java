package dev.skep.workload;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code $(NAME)} in commands and arguments, as Kubernetes expands it: {@code $$} is a dollar sign,
 * and a name that there is not stays as it was written; pure.
 */
final class Expansion {
  private static final Pattern REFERENCE = Pattern.compile("\\$(?:\\$|\\(([^()]+)\\))");

  private Expansion() {}

  static String expand(String text, Map<String, String> variables) {
    return REFERENCE
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement(meaning(found.group(), found.group(1), variables)));
  }

  private static String meaning(String written, String name, Map<String, String> variables) {
    return written.equals("$$") ? "$" : variables.getOrDefault(name, written);
  }
}
