package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The OpenAPI 3 document of one group version. kubectl wants of it: an operation's group, version
 * and kind, and that a patch takes {@code fieldValidation} (or it would check manifests itself),
 * {@code dryRun} (for {@code diff}), and the schemas (for {@code explain}).
 */
final class OpenApiDocument {
  private static final String GVK = "x-kubernetes-group-version-kind";
  private static final List<String> WRITE = List.of("dryRun", "fieldManager", "fieldValidation");
  private static final List<String> DELETE =
      List.of("dryRun", "gracePeriodSeconds", "propagationPolicy");
  private static final List<String> LIST =
      List.of(
          "allowWatchBookmarks",
          "continue",
          "fieldSelector",
          "labelSelector",
          "limit",
          "resourceVersion",
          "resourceVersionMatch",
          "sendInitialEvents",
          "timeoutSeconds",
          "watch");

  private final ObjectNode paths;
  private final ServedKind served;
  private final String schema;

  private OpenApiDocument(ObjectNode paths, ServedKind served) {
    this.paths = paths;
    this.served = served;
    this.schema = name(served);
  }

  static ObjectNode of(List<ServedKind> kinds, String version) {
    ObjectNode document = ApiJson.object();
    document.put("openapi", "3.0.0");
    document.putObject("info").put("title", "Skep").put("version", version);
    ObjectNode paths = document.putObject("paths");
    ObjectNode schemas = document.putObject("components").putObject("schemas");
    for (ServedKind served : kinds) {
      new OpenApiDocument(paths, served).addPaths();
      addSchemas(served, schemas);
    }
    return document;
  }

  private static void addSchemas(ServedKind served, ObjectNode schemas) {
    ObjectNode schema = OpenApiSchemas.of(served.admission().schema());
    schema.putArray(GVK).add(gvk(served, served.kind().kind()));
    schemas.set(name(served), schema);
    ObjectNode list = schemas.putObject(name(served) + "List");
    list.put("type", "object").putArray("required").add("items");
    ObjectNode properties = list.putObject("properties");
    properties.putObject("apiVersion").put("type", "string");
    properties.putObject("kind").put("type", "string");
    properties.putObject("metadata").put("type", "object");
    properties.putObject("items").put("type", "array").set("items", reference(name(served)));
    list.putArray(GVK).add(gvk(served, served.kind().kind() + "List"));
  }

  /** {@code io.k8s.api.core.v1.Secret}, {@code dev.knative.serving.v1.Service}. */
  private static String name(ServedKind served) {
    String group = served.kind().group();
    String prefix = "io.k8s.api." + (group.isEmpty() ? "core" : group.replace(".k8s.io", ""));
    if (group.contains(".") && !group.endsWith(".k8s.io")) {
      List<String> parts = new ArrayList<>(Arrays.asList(group.split("\\.", -1)));
      Collections.reverse(parts);
      prefix = String.join(".", parts);
    }
    return prefix + "." + served.kind().version() + "." + served.kind().kind();
  }

  private static ObjectNode gvk(ServedKind served, String kind) {
    return ApiJson.object()
        .put("group", served.kind().group())
        .put("version", served.kind().version())
        .put("kind", kind);
  }

  private static ObjectNode reference(String schema) {
    return ApiJson.object().put("$ref", "#/components/schemas/" + schema);
  }

  private void addPaths() {
    String root = "/" + OpenApi.root(served.kind().apiVersion()) + "/";
    String plural = served.kind().plural();
    String collection = root + plural;
    if (served.kind().namespaced()) {
      ObjectNode everywhere = path(collection, List.of());
      operation(everywhere, "get", "list", LIST, schema + "List");
      collection = root + "namespaces/{namespace}/" + plural;
    }
    List<String> scope = served.kind().namespaced() ? List.of("namespace") : List.of();
    ObjectNode all = path(collection, scope);
    operation(all, "get", "list", LIST, schema + "List");
    body(operation(all, "post", "post", WRITE, schema), Exchange.JSON);
    operation(all, "delete", "deletecollection", LIST, schema + "List");
    var itemScope = new ArrayList<>(scope);
    itemScope.add("name");
    ObjectNode item = path(collection + "/{name}", itemScope);
    addItem(item);
    operation(item, "delete", "delete", DELETE, schema);
    if (served.hasStatus()) {
      addItem(path(collection + "/{name}/status", itemScope));
    }
  }

  private void addItem(ObjectNode path) {
    operation(path, "get", "get", List.of(), schema);
    body(operation(path, "put", "put", WRITE, schema), Exchange.JSON);
    var patching = new ArrayList<>(WRITE);
    patching.add("force");
    // Without the strategic kind kubectl takes the merge keys that it was built with: they are
    // those of PatchLists, and our schemas need not repeat them.
    body(
        operation(path, "patch", "patch", patching, schema),
        PatchType.JSON.mediaType(),
        PatchType.MERGE.mediaType(),
        PatchType.APPLY.mediaType());
  }

  private ObjectNode path(String path, List<String> parameters) {
    ObjectNode item = paths.putObject(path);
    if (!parameters.isEmpty()) {
      ArrayNode list = item.putArray("parameters");
      parameters.forEach(name -> list.add(parameter(name, "path", "string").put("required", true)));
    }
    return item;
  }

  private ObjectNode operation(
      ObjectNode path, String method, String action, List<String> parameters, String answer) {
    ObjectNode operation = path.putObject(method);
    String group = served.kind().group().isEmpty() ? "core" : served.kind().group();
    operation.putArray("tags").add((group + "_" + served.kind().version()).replace('.', '_'));
    operation.put("x-kubernetes-action", action);
    operation.set(GVK, gvk(served, served.kind().kind()));
    ArrayNode list = operation.putArray("parameters");
    parameters.forEach(name -> list.add(parameter(name, "query", type(name))));
    ObjectNode ok = operation.putObject("responses").putObject("200").put("description", "OK");
    ok.putObject("content").putObject(Exchange.JSON).set("schema", reference(answer));
    return operation;
  }

  private static String type(String parameter) {
    return switch (parameter) {
      case "allowWatchBookmarks", "force", "sendInitialEvents", "watch" -> "boolean";
      case "gracePeriodSeconds", "limit", "timeoutSeconds" -> "integer";
      default -> "string";
    };
  }

  private static ObjectNode parameter(String name, String in, String type) {
    ObjectNode parameter = ApiJson.object().put("name", name).put("in", in);
    parameter.putObject("schema").put("type", type);
    return parameter;
  }

  private void body(ObjectNode operation, String... mediaTypes) {
    ObjectNode content = operation.putObject("requestBody").putObject("content");
    for (String mediaType : mediaTypes) {
      ObjectNode object = content.putObject(mediaType).putObject("schema");
      if (mediaType.equals(Exchange.JSON)) {
        object.setAll(reference(schema));
      } else {
        object.put("type", mediaType.equals(PatchType.JSON.mediaType()) ? "array" : "object");
      }
    }
  }
}
