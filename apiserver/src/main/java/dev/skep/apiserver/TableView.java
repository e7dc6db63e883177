package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Objects as kubectl prints them: a {@code meta.k8s.io Table} in their place.
 *
 * @param version of {@code meta.k8s.io}
 * @param include what each row has of its object
 */
record TableView(String version, Include include) implements View {
  /** The values of {@code includeObject}. */
  enum Include {
    NONE,
    METADATA,
    OBJECT
  }

  static TableView of(String version, Exchange exchange) {
    String wanted = exchange.query("includeObject").orElse("");
    return new TableView(
        version,
        switch (wanted) {
          case "", "Metadata" -> Include.METADATA;
          case "None" -> Include.NONE;
          case "Object" -> Include.OBJECT;
          default ->
              throw ApiFailure.badRequest(
                  "query parameter includeObject: \"%s\" (expected: None, Metadata or Object)"
                      .formatted(wanted));
        });
  }

  @Override
  public ObjectNode object(ServedKind served, ApiObject object) {
    return event(served, object, true);
  }

  @Override
  public ObjectNode event(ServedKind served, ApiObject object, boolean first) {
    ObjectNode metadata = ApiJson.object();
    metadata.put("resourceVersion", Long.toString(object.resourceVersion()));
    return table(served, List.of(object), metadata, first);
  }

  @Override
  public ObjectNode list(ServedKind served, List<ApiObject> objects, ObjectNode metadata) {
    return table(served, objects, metadata, true);
  }

  private ObjectNode table(
      ServedKind served, List<ApiObject> objects, ObjectNode metadata, boolean withColumns) {
    ObjectNode table = ApiJson.object();
    table.put("kind", "Table").put("apiVersion", "meta.k8s.io/" + version);
    table.set("metadata", metadata);
    ArrayNode columns = table.putArray("columnDefinitions");
    if (withColumns) {
      served.columns().forEach(column -> columns.add(definition(column)));
    }
    ArrayNode rows = table.putArray("rows");
    objects.forEach(object -> rows.add(row(served, served.shown(object))));
    return table;
  }

  private static ObjectNode definition(ServedKind.Column column) {
    ObjectNode definition = ApiJson.object();
    definition.put("name", column.name()).put("type", "string");
    definition.put("format", column.name().equals("Name") ? "name" : "");
    return definition.put("description", column.name()).put("priority", 0);
  }

  private ObjectNode row(ServedKind served, ApiObject object) {
    ObjectNode row = ApiJson.object();
    ArrayNode cells = row.putArray("cells");
    served.columns().forEach(column -> cells.add(column.text().apply(object)));
    switch (include) {
      case NONE -> row.putNull("object");
      case METADATA -> row.set("object", MetadataOnly.metadata(version, object));
      case OBJECT -> row.set("object", object.json());
    }
    return row;
  }
}
