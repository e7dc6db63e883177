package dev.skep.cli;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * Reads and writes {@link Json} as JSON and YAML, all but the reading of JSON with Jackson's
 * streaming layer.
 */
final class JsonText {
  private JsonText() {}

  static Json read(byte[] text) {
    return new Json(JsonReader.read(text));
  }

  static Json read(String text) {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  /** All documents of a YAML (or JSON) file. */
  static List<Json> readYaml(byte[] text) {
    var documents = new ArrayList<Json>();
    try (JsonParser parser = yaml().createParser(ObjectReadContext.empty(), text)) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() != JsonToken.VALUE_NULL) {
          documents.add(new Json(value(parser)));
        }
      }
    }
    return documents;
  }

  static byte[] compact(Json json) {
    return write(new JsonFactory(), ObjectWriteContext.empty(), json)
        .getBytes(StandardCharsets.UTF_8);
  }

  static String pretty(Json json) {
    return write(new JsonFactory(), new Pretty(), json) + "\n";
  }

  static String yaml(Json json) {
    String text = write(yaml(), ObjectWriteContext.empty(), json);
    return text.endsWith("\n") ? text : text + "\n";
  }

  private static YAMLFactory yaml() {
    return YAMLFactory.builder()
        .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
        .disable(YAMLWriteFeature.SPLIT_LINES)
        .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
        .enable(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
        .enable(YAMLWriteFeature.LITERAL_BLOCK_STYLE)
        .build();
  }

  private static String write(TokenStreamFactory factory, ObjectWriteContext context, Json json) {
    var text = new StringWriter();
    try (JsonGenerator generator = factory.createGenerator(context, text)) {
      write(generator, json.value());
    }
    return text.toString();
  }

  private static @Nullable Object value(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static Map<String, @Nullable Object> object(JsonParser parser) {
    var object = new LinkedHashMap<String, @Nullable Object>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      object.put(name, value(parser));
    }
    return object;
  }

  private static List<@Nullable Object> array(JsonParser parser) {
    var array = new ArrayList<@Nullable Object>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      array.add(value(parser));
    }
    return array;
  }

  private static void write(JsonGenerator out, @Nullable Object value) {
    switch (value) {
      case null -> out.writeNull();
      case Json json -> write(out, json.value());
      case Map<?, ?> map -> {
        out.writeStartObject();
        map.forEach(
            (name, field) -> {
              out.writeName((String) name);
              write(out, field);
            });
        out.writeEndObject();
      }
      case Iterable<?> list -> {
        out.writeStartArray();
        list.forEach(item -> write(out, item));
        out.writeEndArray();
      }
      case Boolean bool -> out.writeBoolean(bool);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      case Number number -> out.writeNumber(new java.math.BigDecimal(number.toString()));
      default -> out.writeString(value.toString());
    }
  }

  /** Two spaces per level, arrays too: as kubectl prints. */
  private static final class Pretty extends ObjectWriteContext.Base {
    @Override
    public PrettyPrinter getPrettyPrinter() {
      var indenter = new DefaultIndenter("  ", "\n");
      return new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
    }

    @Override
    public boolean hasPrettyPrinter() {
      return true;
    }
  }
}
