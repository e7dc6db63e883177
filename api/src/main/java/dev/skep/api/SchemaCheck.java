package dev.skep.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Walks an object along its schema and takes out of it what the schema does not have. */
final class SchemaCheck {
  private static final int NEAR = 2;

  private final List<String> unknown = new ArrayList<>();
  private final List<String> withoutEffect = new ArrayList<>();
  private final FieldErrors errors = new FieldErrors();

  /** Removes unknown fields and nulls from {@code object}. */
  static SchemaCheck of(Schema.ObjectOf schema, ObjectNode object) {
    var check = new SchemaCheck();
    check.fields(schema, object, "");
    return check;
  }

  /** The same as a value; fails with INVALID where a value has the wrong type or is refused. */
  static Findings findings(Schema.ObjectOf schema, ObjectNode object) {
    SchemaCheck check = of(schema, object);
    check.errors.throwIfAny();
    return new Findings(check.unknown, check.withoutEffect);
  }

  /** {@code unknown field "spec.foo"}, with the nearest known name where one is near. */
  List<String> unknown() {
    return List.copyOf(unknown);
  }

  /** Paths of fields that are accepted but do nothing here. */
  List<String> withoutEffect() {
    return List.copyOf(withoutEffect);
  }

  /** Wrong types and refused fields. */
  FieldErrors errors() {
    return errors;
  }

  private void value(Schema schema, JsonNode value, String path) {
    switch (schema) {
      case Schema.ObjectOf of -> object(value, path).ifPresent(object -> fields(of, object, path));
      case Schema.MapOf of -> object(value, path).ifPresent(object -> entries(of, object, path));
      case Schema.ListOf of -> elements(of, value, path);
      case Schema.Scalar scalar -> scalar(scalar, value, path);
    }
  }

  private Optional<ObjectNode> object(JsonNode value, String path) {
    if (value instanceof ObjectNode object) {
      return Optional.of(object);
    }
    wrongType(value, path, "an object");
    return Optional.empty();
  }

  private void fields(Schema.ObjectOf schema, ObjectNode object, String path) {
    for (Map.Entry<String, JsonNode> entry : List.copyOf(object.properties())) {
      String name = entry.getKey();
      JsonNode value = Objects.requireNonNull(entry.getValue());
      Schema.Field field = schema.fields().get(name);
      if (field == null) {
        unknownField(schema, object, name, path);
      } else if (value.isNull()) {
        object.remove(name); // Go's clients send null for what they leave out
      } else {
        known(field, value, join(path, name));
      }
    }
  }

  private void known(Schema.Field field, JsonNode value, String path) {
    switch (field.support()) {
      case FULL -> {}
      case NO_EFFECT -> withoutEffect.add(path);
      case REFUSED -> {
        errors.disallowed(path, "");
        return;
      }
    }
    value(field.schema(), value, path);
  }

  private void unknownField(Schema.ObjectOf schema, ObjectNode object, String name, String path) {
    if (schema.open()) {
      return;
    }
    object.remove(name);
    String hint =
        nearest(name, schema.fields().keySet())
            .map(near -> " (did you mean \"%s\"?)".formatted(join(path, near)))
            .orElse("");
    unknown.add("unknown field \"%s\"%s".formatted(join(path, name), hint));
  }

  private void entries(Schema.MapOf schema, ObjectNode object, String path) {
    for (Map.Entry<String, JsonNode> entry : List.copyOf(object.properties())) {
      JsonNode value = Objects.requireNonNull(entry.getValue());
      if (value.isNull()) {
        object.remove(entry.getKey());
      } else {
        value(schema.value(), value, join(path, entry.getKey()));
      }
    }
  }

  private void elements(Schema.ListOf schema, JsonNode value, String path) {
    if (!(value instanceof ArrayNode array)) {
      wrongType(value, path, "an array");
      return;
    }
    for (int i = 0; i < array.size(); i++) {
      value(schema.element(), array.get(i), path + "[" + i + "]");
    }
  }

  private void scalar(Schema.Scalar scalar, JsonNode value, String path) {
    boolean integer = value.isIntegralNumber() && value.canConvertToLong();
    switch (scalar) {
      case STRING -> expect(value.isString(), value, path, "a string");
      case INTEGER -> expect(integer, value, path, "an integer");
      case BOOLEAN -> expect(value.isBoolean(), value, path, "true or false");
      case INT_OR_STRING ->
          expect(integer || value.isString(), value, path, "an integer or a string");
      case QUANTITY ->
          expect(
              value.isNumber() || value.isString(),
              value,
              path,
              "a quantity such as 500m or 128Mi");
      case ANYTHING -> {}
    }
  }

  private void expect(boolean met, JsonNode value, String path, String what) {
    if (!met) {
      wrongType(value, path, what);
    }
  }

  private void wrongType(JsonNode value, String path, String expected) {
    String text = value.toString();
    String shown = text.length() > 80 ? text.substring(0, 80) + "..." : text;
    errors.invalid(shown, path, "expected " + expected);
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static Optional<String> nearest(String name, Collection<String> known) {
    return known.stream()
        .filter(candidate -> distance(name, candidate) <= NEAR)
        .min((a, b) -> Integer.compare(distance(name, a), distance(name, b)));
  }

  /** Edits that lead from one word to the other, upper and lower case being alike. */
  private static int distance(String from, String to) {
    if (Math.abs(from.length() - to.length()) > NEAR) {
      return NEAR + 1;
    }
    int[] row = new int[to.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int above = row[j];
        boolean same =
            Character.toLowerCase(from.charAt(i - 1)) == Character.toLowerCase(to.charAt(j - 1));
        row[j] = Math.min(diagonal + (same ? 0 : 1), 1 + Math.min(above, row[j - 1]));
        diagonal = above;
      }
    }
    return row[to.length()];
  }
}
