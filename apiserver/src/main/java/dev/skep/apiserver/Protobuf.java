package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.apiserver.ProtobufInput.WireField;
import dev.skep.apiserver.ProtobufMessages.Field;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Bodies in Kubernetes' protobuf encoding, as the JSON that means the same. Go's typed clients send
 * them for the kinds that are built in; they understand JSON in answers.
 */
final class Protobuf {
  private static final byte[] MAGIC = {'k', '8', 's', 0};
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Protobuf() {}

  /** Go reads a {@code MicroTime} only with all six digits. */
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Fails with INVALID on bytes that are no object of a known kind. */
  static ObjectNode parse(byte[] body) {
    if (body.length < MAGIC.length
        || !Arrays.equals(MAGIC, 0, MAGIC.length, body, 0, MAGIC.length)) {
      throw new SkepException(
          Code.INVALID, "body: provided data does not appear to be a protobuf message");
    }
    String apiVersion = "";
    String kind = "";
    ByteBuffer raw = ByteBuffer.allocate(0);
    ByteBuffer envelope = ByteBuffer.wrap(body, MAGIC.length, body.length - MAGIC.length);
    for (var in = new ProtobufInput(envelope.slice()); in.hasNext(); ) {
      WireField field = in.next();
      if (field.number() == 1) {
        apiVersion = text(field.bytes(), 1);
        kind = text(field.bytes(), 2);
      } else if (field.number() == 2) {
        raw = field.bytes();
      }
    }
    ObjectNode object = ApiJson.object();
    object.put("apiVersion", apiVersion).put("kind", kind);
    read(raw, message(apiVersion, kind), object);
    return ApiJson.parse(ApiJson.bytes(object)); // the same bounds for all formats
  }

  /** Of two kinds of one name, one has the group behind it. */
  private static String message(String apiVersion, String kind) {
    String grouped = kind + "." + apiVersion.substring(0, Math.max(0, apiVersion.indexOf('/')));
    return ProtobufMessages.find(grouped).isPresent() ? grouped : kind;
  }

  private static String text(ByteBuffer message, int number) {
    String text = "";
    for (var in = new ProtobufInput(message); in.hasNext(); ) {
      WireField field = in.next();
      text = field.number() == number ? field.text() : text;
    }
    return text;
  }

  private static void read(ByteBuffer message, String type, ObjectNode object) {
    Map<Integer, Field> fields =
        ProtobufMessages.find(type)
            .orElseThrow(() -> ProtobufInput.malformed("kind \"%s\" is not known".formatted(type)));
    for (var in = new ProtobufInput(message); in.hasNext(); ) {
      WireField wire = in.next();
      Field field = fields.get(wire.number());
      if (field != null) {
        set(object, field, wire);
      }
    }
  }

  private static void set(ObjectNode object, Field field, WireField wire) {
    if (field.name().isEmpty()) {
      read(wire.bytes(), field.type(), object);
      return;
    }
    switch (field.label()) {
      case PLAIN -> {
        JsonNode value = value(field.type(), wire);
        if (!isZero(value)) {
          object.set(field.name(), value);
        }
      }
      case OPTIONAL -> object.set(field.name(), value(field.type(), wire));
      case LIST -> object.withArray(field.name()).add(value(field.type(), wire));
      case MAP -> entry(object, field, wire);
    }
  }

  private static void entry(ObjectNode object, Field field, WireField wire) {
    ObjectNode map =
        object.get(field.name()) instanceof ObjectNode known
            ? known
            : object.putObject(field.name());
    String key = "";
    JsonNode value = value(field.type(), new WireField(2, 0, ByteBuffer.allocate(0)));
    for (var in = new ProtobufInput(wire.bytes()); in.hasNext(); ) {
      WireField part = in.next();
      switch (part.number()) {
        case 1 -> key = part.text();
        case 2 -> value = value(field.type(), part);
        default -> {}
      }
    }
    map.set(key, value);
  }

  private static JsonNode value(String type, WireField wire) {
    return switch (type) {
      case "string" -> NODES.stringNode(wire.text());
      case "bytes" -> NODES.stringNode(Base64.getEncoder().encodeToString(wire.array()));
      case "bool" -> NODES.booleanNode(wire.value() != 0);
      case "int" -> NODES.numberNode(wire.value());
      case "Quantity" -> NODES.stringNode(text(wire.bytes(), 1));
      case "Time" -> time(wire.bytes(), Instant::toString);
      case "MicroTime" -> time(wire.bytes(), MICROS::format);
      case "IntOrString" -> intOrString(wire.bytes());
      case "FieldsV1" -> fields(wire.bytes());
      default -> {
        ObjectNode message = ApiJson.object();
        read(wire.bytes(), type, message);
        yield message;
      }
    };
  }

  /** What Go's {@code omitempty} leaves out. */
  private static boolean isZero(JsonNode value) {
    return value.isNull()
        || (value.isString() && value.asString().isEmpty())
        || (value.isIntegralNumber() && value.asLong() == 0)
        || (value.isBoolean() && !value.asBoolean())
        || (value.isObject() && value.isEmpty());
  }

  private static JsonNode time(ByteBuffer message, Function<Instant, String> text) {
    long seconds = 0;
    long nanos = 0;
    for (var in = new ProtobufInput(message); in.hasNext(); ) {
      WireField field = in.next();
      switch (field.number()) {
        case 1 -> seconds = field.value();
        case 2 -> nanos = field.value();
        default -> {}
      }
    }
    try {
      return message.hasRemaining()
          ? NODES.stringNode(text.apply(Instant.ofEpochSecond(seconds, nanos)))
          : NODES.nullNode();
    } catch (DateTimeException | ArithmeticException e) {
      throw ProtobufInput.malformed("a time of %d seconds".formatted(seconds));
    }
  }

  private static JsonNode intOrString(ByteBuffer message) {
    boolean string = false;
    long number = 0;
    String text = "";
    for (var in = new ProtobufInput(message); in.hasNext(); ) {
      WireField field = in.next();
      switch (field.number()) {
        case 1 -> string = field.value() != 0;
        case 2 -> number = field.value();
        case 3 -> text = field.text();
        default -> {}
      }
    }
    return string ? NODES.stringNode(text) : NODES.numberNode(number);
  }

  private static JsonNode fields(ByteBuffer message) {
    try {
      return Objects.requireNonNull(ApiJson.mapper().readTree(text(message, 1)));
    } catch (JacksonException e) {
      throw ProtobufInput.malformed("fieldsV1: " + e.getOriginalMessage());
    }
  }
}
