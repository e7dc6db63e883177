package dev.skep.testkit.firecracker;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** What one value may be. */
interface Kind {
  /** The value at the parser, which stays at its last token. */
  Object read(JsonParser parser) throws Fault;

  Kind TEXT =
      parser -> {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
          throw invalid(parser, "a string");
        }
        return parser.getString();
      };

  Kind NUMBER =
      parser -> {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
          throw invalid(parser, "usize");
        }
        return parser.getLongValue();
      };

  Kind FLAG =
      parser -> {
        if (!parser.currentToken().isBoolean()) {
          throw invalid(parser, "a boolean");
        }
        return parser.getBooleanValue();
      };

  Kind MAC =
      parser -> {
        String text = (String) TEXT.read(parser);
        if (!text.matches("([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")) {
          throw custom("The provided MAC address is invalid.", parser);
        }
        return text;
      };

  Kind LEVEL =
      parser -> {
        String text = (String) TEXT.read(parser);
        if (!text.matches("(?i)off|trace|debug|info|warn|warning|error")) {
          throw custom("Invalid LevelFilter", parser);
        }
        return text;
      };

  /** Accepted, and of no consequence here. */
  Kind ANY =
      parser -> {
        parser.skipChildren();
        return "";
      };

  static Kind choice(String... variants) {
    return parser -> {
      String text = (String) TEXT.read(parser);
      if (!List.of(variants).contains(text)) {
        String expected = oneOf(List.of(variants));
        throw Fault.body(
            "unknown variant `" + text + "`, expected " + expected + Shape.at(end(parser, text)));
      }
      return text;
    };
  }

  static Kind listOf(Kind element) {
    return parser -> {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw invalid(parser, "a sequence");
      }
      var values = new ArrayList<Object>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        values.add(element.read(parser));
      }
      return values;
    };
  }

  static Fault invalid(JsonParser parser, String expected) {
    String found =
        switch (parser.currentToken()) {
          case VALUE_STRING -> "string " + Json.text(parser.getString());
          case VALUE_NUMBER_INT -> "integer `" + parser.getString() + "`";
          case VALUE_TRUE, VALUE_FALSE -> "boolean `" + parser.getString() + "`";
          case START_OBJECT -> "map";
          case null, default -> "sequence";
        };
    int end = end(parser, String.valueOf(parser.getString()));
    return Fault.body("invalid type: " + found + ", expected " + expected + Shape.at(end));
  }

  private static Fault custom(String message, JsonParser parser) {
    return Fault.body(message + Shape.at(end(parser, parser.getString()) + 1));
  }

  /** Where the token at the parser begins: characters before it. */
  static int start(JsonParser parser) {
    return (int) parser.currentTokenLocation().getCharOffset();
  }

  private static int end(JsonParser parser, @Nullable String text) {
    int quotes = parser.currentToken() == JsonToken.VALUE_STRING ? 2 : 0;
    return start(parser) + (text == null ? 0 : text.length()) + quotes;
  }

  /** As serde lists what it knows. */
  static String oneOf(List<String> names) {
    List<String> quoted = names.stream().map(name -> "`" + name + "`").toList();
    return switch (quoted.size()) {
      case 1 -> quoted.getFirst();
      case 2 -> quoted.getFirst() + " or " + quoted.getLast();
      default -> quoted.stream().collect(Collectors.joining(", ", "one of ", ""));
    };
  }
}
