package dev.skep.policy;

import dev.skep.api.GoDuration;
import dev.skep.api.SkepException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Values of annotations or of a ConfigMap's data; what cannot be read is INVALID and named.
 *
 * @param prefix of every key
 * @param where begins each message
 */
record TextValues(Map<String, String> all, String prefix, String where) {
  Optional<Double> number(String... names) {
    return parsed(names, "a number", Double::parseDouble);
  }

  Optional<Integer> count(String... names) {
    return parsed(names, "a whole number of at least 0", TextValues::natural);
  }

  Optional<Duration> time(String... names) {
    return parsed(names, "a time such as 60s", GoDuration::parse);
  }

  Optional<Boolean> flag(String... names) {
    return parsed(names, "true or false", TextValues::bool);
  }

  /** The first of the names that is there. */
  Optional<String> text(String... names) {
    for (String name : names) {
      String value = all.get(prefix + name);
      if (value != null) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  <T> Optional<T> parsed(String[] names, String expected, Function<String, T> parser) {
    return text(names).map(text -> parse(names[0], text, expected, parser));
  }

  private <T> T parse(String name, String text, String expected, Function<String, T> parser) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new SkepException(
          SkepException.Code.INVALID,
          "%s%s%s: '%s' (expected: %s)".formatted(where, prefix, name, text, expected),
          e);
    }
  }

  private static int natural(String text) {
    int number = Integer.parseInt(text);
    if (number < 0) {
      throw new NumberFormatException("below 0");
    }
    return number;
  }

  private static boolean bool(String text) {
    return switch (text) {
      case "true", "True", "TRUE", "t", "T", "1" -> true;
      case "false", "False", "FALSE", "f", "F", "0" -> false;
      default -> throw new IllegalArgumentException("neither");
    };
  }
}
