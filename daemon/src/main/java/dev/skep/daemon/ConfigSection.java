package dev.skep.daemon;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One section of the configuration; a bad value is IllegalArgumentException that names its key. */
record ConfigSection(String name, JsonNode settings) {
  private static final Map<String, Integer> SHIFTS = Map.of("", 0, "Ki", 10, "Mi", 20, "Gi", 30);

  private JsonNode value(String key) {
    return settings.path(name).path(key);
  }

  String text(String key) {
    return value(key).asString();
  }

  List<String> texts(String key) {
    return value(key).valueStream().map(JsonNode::asString).toList();
  }

  /** One of the constants, in lower case. */
  <E extends Enum<E>> E choice(String key, Class<E> constants) {
    List<E> all = List.of(constants.getEnumConstants());
    return all.stream()
        .filter(constant -> name(constant).equals(text(key)))
        .findFirst()
        .orElseThrow(() -> unknown(key, all.stream().map(ConfigSection::name).toList()));
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private IllegalArgumentException unknown(String key, List<String> names) {
    return new IllegalArgumentException(
        name
            + "."
            + key
            + ": "
            + text(key)
            + " (expected: "
            + String.join(", ", names.subList(0, names.size() - 1))
            + " or "
            + names.getLast()
            + ")");
  }

  int number(String key) {
    String text = text(key);
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw bad(key, text, "a number", "like 10", e);
    }
  }

  /** {@code 500ms}, {@code 30s}, {@code 5m}, {@code 1h}. */
  Duration duration(String key) {
    String text = text(key);
    try {
      return text.endsWith("ms")
          ? Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2)))
          : Duration.parse("PT" + text);
    } catch (DateTimeParseException | NumberFormatException e) {
      throw bad(key, text, "a duration", "like 500ms, 30s or 5m", e);
    }
  }

  /** Bytes, with {@code Ki}, {@code Mi} or {@code Gi}. */
  long size(String key) {
    String text = text(key);
    String unit = text.replaceFirst("^\\d{1,9}", "");
    Integer shift = SHIFTS.get(unit);
    if (shift == null || unit.length() == text.length()) {
      throw bad(key, text, "a size", "like 512Ki, 10Mi or 2Gi", null);
    }
    return Long.parseLong(text.substring(0, text.length() - unit.length())) << shift;
  }

  private IllegalArgumentException bad(
      String key, String text, String what, String expected, @Nullable Exception cause) {
    String found = name + "." + key + ": '" + text + "' is not " + what;
    return new IllegalArgumentException(found + " (expected: " + expected + ")", cause);
  }
}
