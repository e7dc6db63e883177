package dev.skep.control;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template of host names: text, {@code {{.Field}}} and {@code {{index .Labels "key"}}}, of Go's
 * templates what config-network is documented with.
 */
record NameTemplate(String source, List<Part> parts) {
  private static final Pattern FIELD = Pattern.compile("-?\\s*\\.(\\w+)\\s*-?");
  private static final Pattern INDEX =
      Pattern.compile("-?\\s*index\\s+\\.(\\w+)\\s+\"([^\"]*)\"\\s*-?");

  /**
   * Text where {@code field} is empty, else a field, or the entry of a field that is a map.
   *
   * @param text itself, or the key
   */
  private record Part(String field, String text) {}

  /** What a template may name. */
  record Values(Map<String, String> fields, Map<String, Map<String, String>> maps) {}

  /**
   * Reads one.
   *
   * @param key of the ConfigMap, for messages
   * @throws SkepException INVALID, with the place of what cannot be read
   */
  static NameTemplate parse(String key, String source, Set<String> fields, Set<String> maps) {
    var parts = new ArrayList<Part>();
    int at = 0;
    for (int open; (open = source.indexOf("{{", at)) >= 0; ) {
      parts.add(new Part("", source.substring(at, open)));
      int close = source.indexOf("}}", open);
      if (close < 0) {
        throw invalid(key, open, "unclosed action");
      }
      parts.add(action(key, open, source.substring(open + 2, close), fields, maps));
      at = close + 2;
    }
    parts.add(new Part("", source.substring(at)));
    return new NameTemplate(source, List.copyOf(parts));
  }

  private static Part action(
      String key, int at, String action, Set<String> fields, Set<String> maps) {
    Matcher field = FIELD.matcher(action);
    if (field.matches() && fields.contains(field.group(1))) {
      return new Part(field.group(1), "");
    }
    Matcher index = INDEX.matcher(action);
    if (index.matches() && maps.contains(index.group(1))) {
      return new Part(index.group(1), index.group(2));
    }
    throw invalid(
        key,
        at,
        "{{%s}} (expected: one of %s, or index of %s)"
            .formatted(action, fields.stream().sorted().toList(), maps.stream().sorted().toList()));
  }

  private static SkepException invalid(String key, int at, String message) {
    return new SkepException(Code.INVALID, "template: %s:1:%d: %s".formatted(key, at + 1, message));
  }

  String apply(Values values) {
    var text = new StringBuilder();
    for (Part part : parts) {
      if (part.field().isEmpty()) {
        text.append(part.text());
      } else if (values.fields().containsKey(part.field())) {
        text.append(values.fields().get(part.field()));
      } else {
        text.append(
            values.maps().getOrDefault(part.field(), Map.of()).getOrDefault(part.text(), ""));
      }
    }
    return text.toString();
  }
}
