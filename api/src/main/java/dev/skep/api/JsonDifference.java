package dev.skep.api;

import java.util.LinkedHashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/** Says where two JSON trees differ, in the way in which Knative shows changes that it refuses. */
final class JsonDifference {
  private static final int LONGEST_VALUE = 200;
  private static final int MOST = 10;

  private final StringBuilder text = new StringBuilder();
  private int count;

  private JsonDifference() {}

  /** A paragraph for each value that differs: its path, what it was and what it would be. */
  static String text(JsonNode old, JsonNode now) {
    var difference = new JsonDifference();
    difference.compare(old, now, "");
    if (difference.count > MOST) {
      difference.text.append("and %d more\n".formatted(difference.count - MOST));
    }
    return difference.text.toString();
  }

  private void compare(JsonNode old, JsonNode now, String path) {
    if (old.equals(now)) {
      return;
    }
    if (old instanceof ObjectNode && now instanceof ObjectNode) {
      for (String name : names(old, now)) {
        compare(old.path(name), now.path(name), path.isEmpty() ? name : path + "." + name);
      }
    } else if (old instanceof ArrayNode && now instanceof ArrayNode) {
      for (int i = 0; i < Math.max(old.size(), now.size()); i++) {
        compare(old.path(i), now.path(i), "%s[%d]".formatted(path, i));
      }
    } else {
      add(old, now, path);
    }
  }

  private static Set<String> names(JsonNode old, JsonNode now) {
    var names = new LinkedHashSet<>(old.propertyNames());
    names.addAll(now.propertyNames());
    return names;
  }

  private void add(JsonNode old, JsonNode now, String path) {
    count++;
    if (count <= MOST) {
      text.append(path).append(":\n");
      line('-', old);
      line('+', now);
    }
  }

  private void line(char side, JsonNode value) {
    if (!(value instanceof MissingNode)) {
      String shown = value.toString();
      String cut =
          shown.length() > LONGEST_VALUE ? shown.substring(0, LONGEST_VALUE) + "..." : shown;
      text.append('\t').append(side).append(": ").append(cut).append('\n');
    }
  }
}
