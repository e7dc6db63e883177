package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Objects as kubectl prints them: a {@code meta.k8s.io/v1 Table} in place of the objects. */
final class Tables {
  private Tables() {}

  /** Whether the client would rather have a table. */
  static boolean wanted(Exchange exchange) {
    String accept = exchange.header("Accept").orElse("");
    return accept.contains("as=Table") && accept.contains("v=v1;");
  }

  static ObjectNode of(ServedKind served, List<ApiObject> objects, ObjectNode metadata) {
    ObjectNode table = ApiJson.object();
    table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
    table.set("metadata", metadata);
    ArrayNode columns = table.putArray("columnDefinitions");
    served.columns().forEach(column -> columns.add(definition(column)));
    ArrayNode rows = table.putArray("rows");
    objects.forEach(object -> rows.add(row(served, object)));
    return table;
  }

  private static ObjectNode definition(ServedKind.Column column) {
    ObjectNode definition = ApiJson.object();
    definition.put("name", column.name()).put("type", "string");
    definition.put("format", column.name().equals("Name") ? "name" : "");
    return definition.put("description", column.name()).put("priority", 0);
  }

  private static ObjectNode row(ServedKind served, ApiObject object) {
    ObjectNode row = ApiJson.object();
    ArrayNode cells = row.putArray("cells");
    served.columns().forEach(column -> cells.add(column.text().apply(object)));
    ObjectNode partial = row.putObject("object");
    partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
    partial.set("metadata", object.json().path("metadata"));
    return row;
  }
}
