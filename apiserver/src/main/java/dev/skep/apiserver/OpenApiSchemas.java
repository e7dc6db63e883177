package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.Schema;
import java.util.Arrays;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Schemas in OpenAPI's form; what is refused is not in them. */
final class OpenApiSchemas {
  private OpenApiSchemas() {}

  static ObjectNode of(Schema schema) {
    return switch (schema) {
      case Schema.ObjectOf object -> object(object);
      case Schema.MapOf map -> {
        ObjectNode json = typed("object");
        json.set("additionalProperties", of(map.value()));
        yield json;
      }
      case Schema.ListOf list -> {
        ObjectNode json = typed("array");
        json.set("items", of(list.element()));
        yield json;
      }
      case Schema.Scalar scalar -> scalar(scalar);
    };
  }

  private static ObjectNode object(Schema.ObjectOf schema) {
    ObjectNode json = typed("object");
    if (!schema.fields().isEmpty()) {
      ObjectNode properties = json.putObject("properties");
      schema
          .fields()
          .forEach(
              (name, field) -> {
                switch (field.support()) {
                  case FULL -> properties.set(name, of(field.schema()));
                  case NO_EFFECT ->
                      properties.set(
                          name,
                          of(field.schema()).put("description", "Accepted without effect here."));
                  case REFUSED -> {}
                }
              });
    }
    if (schema.open()) {
      json.put("x-kubernetes-preserve-unknown-fields", true);
    }
    return json;
  }

  private static ObjectNode scalar(Schema.Scalar scalar) {
    return switch (scalar) {
      case STRING -> typed("string");
      case INTEGER -> typed("integer").put("format", "int64");
      case BOOLEAN -> typed("boolean");
      case INT_OR_STRING -> oneOf("integer", "string").put("format", "int-or-string");
      case QUANTITY -> oneOf("string", "number");
      case ANYTHING -> typed("object").put("x-kubernetes-preserve-unknown-fields", true);
    };
  }

  private static ObjectNode typed(String type) {
    return ApiJson.object().put("type", type);
  }

  private static ObjectNode oneOf(String... types) {
    ObjectNode json = ApiJson.object();
    ArrayNode choices = json.putArray("oneOf");
    Arrays.stream(types).map(OpenApiSchemas::typed).forEach(choices::add);
    return json;
  }
}
