package dev.skep.testkit.firecracker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What the body of a request may be; anything else is refused at the place, and with the words, at
 * which and with which serde does. Bodies are one line of ASCII.
 *
 * @param fields in the order in which an error lists them
 * @param open whether unknown fields are let pass
 */
record Shape(Map<String, Kind> fields, List<String> required, boolean open) implements Kind {
  Shape {
    fields = new LinkedHashMap<>(fields);
    required = List.copyOf(required);
  }

  /** Names and kinds by turns; a name that ends in {@code *} is required. */
  static Shape of(Object... namesAndKinds) {
    var fields = new LinkedHashMap<String, Kind>();
    var required = new ArrayList<String>();
    for (int i = 0; i < namesAndKinds.length; i += 2) {
      String name = (String) namesAndKinds[i];
      String plain = name.replace("*", "");
      fields.put(plain, (Kind) namesAndKinds[i + 1]);
      if (!plain.equals(name)) {
        required.add(plain);
      }
    }
    return new Shape(fields, required, false);
  }

  Shape letUnknownPass() {
    return new Shape(fields, required, true);
  }

  /** The body's fields: texts, numbers (as Long), flags, maps and lists. */
  @SuppressWarnings("unchecked")
  Fields parse(String body) throws Fault {
    try (JsonParser parser = Json.MAPPER.createParser(body)) {
      parser.nextToken();
      return new Fields((Map<String, Object>) read(parser));
    } catch (JacksonException e) {
      int column = (int) e.getLocation().getCharOffset() + 1;
      throw column > body.length()
          ? Fault.body("EOF while parsing a value" + at(body.length()))
          : Fault.body("expected value" + at(column));
    }
  }

  @Override
  public Object read(JsonParser parser) throws Fault {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw Kind.invalid(parser, "a map");
    }
    var values = new LinkedHashMap<String, Object>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      Kind kind = fields.get(name);
      if (kind == null && !open) {
        int end = Kind.start(parser) + name.length() + 2;
        throw Fault.body("unknown field `" + name + "`, expected " + names(fields) + at(end));
      }
      parser.nextToken();
      if (kind == null) {
        parser.skipChildren();
      } else if (parser.currentToken() != JsonToken.VALUE_NULL) {
        values.put(name, kind.read(parser));
      }
    }
    for (String name : required) {
      if (!values.containsKey(name)) {
        throw Fault.body("missing field `" + name + "`" + at(Kind.start(parser) + 1));
      }
    }
    return values;
  }

  private static String names(Map<String, Kind> fields) {
    return Kind.oneOf(List.copyOf(fields.keySet()));
  }

  static String at(int column) {
    return " at line 1 column " + column + ".";
  }
}

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
