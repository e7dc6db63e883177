package dev.skep.testkit.firecracker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
