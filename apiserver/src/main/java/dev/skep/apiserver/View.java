package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The form in which a client wants objects: itself, a table for people, or metadata only. */
sealed interface View permits View.Plain, View.MetadataOnly, TableView {
  ObjectNode object(ServedKind served, ApiObject object);

  ObjectNode list(ServedKind served, List<ApiObject> objects, ObjectNode metadata);

  /**
   * The object of a watch event.
   *
   * @param first whether the client has had none before
   */
  default ObjectNode event(ServedKind served, ApiObject object, boolean first) {
    return object(served, object);
  }

  /**
   * The first form of {@code Accept} that there is. Fails with 406 where there is none.
   *
   * @see <a href="https://kubernetes.io/docs/reference/using-api/api-concepts/">API concepts</a>
   */
  static View of(Exchange exchange) {
    String accept = exchange.header("Accept").filter(text -> !text.isBlank()).orElse("*/*");
    return Arrays.stream(accept.split(",", -1))
        .flatMap(range -> of(range, exchange).stream())
        .findFirst()
        .orElseThrow(
            () ->
                new ApiFailure(
                    406,
                    "NotAcceptable",
                    "only the following media types are accepted: application/json,"
                        + " application/json;as=Table;v=v1;g=meta.k8s.io,"
                        + " application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"));
  }

  private static Optional<View> of(String range, Exchange exchange) {
    String[] parts = range.toLowerCase(Locale.ROOT).split(";", -1);
    if (!List.of(Exchange.JSON, "application/*", "*/*").contains(parts[0].strip())) {
      return Optional.empty();
    }
    Map<String, String> parameters =
        Arrays.stream(parts)
            .skip(1)
            .map(part -> part.strip().split("=", 2))
            .filter(pair -> pair.length == 2)
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (first, _) -> first));
    String version = parameters.getOrDefault("v", "v1");
    String form = parameters.getOrDefault("as", "");
    if (form.isEmpty()) {
      return Optional.of(new Plain());
    }
    if (!version.equals("v1") && !version.equals("v1beta1")) {
      return Optional.empty();
    }
    return switch (form) {
      case "table" -> Optional.of(TableView.of(version, exchange));
      case "partialobjectmetadata", "partialobjectmetadatalist" ->
          Optional.of(new MetadataOnly(version));
      default -> Optional.empty();
    };
  }

  /** Objects as they are. */
  record Plain() implements View {
    @Override
    public ObjectNode object(ServedKind served, ApiObject object) {
      return served.shown(object).json();
    }

    @Override
    public ObjectNode list(ServedKind served, List<ApiObject> objects, ObjectNode metadata) {
      ObjectNode list = ApiJson.object();
      list.put("apiVersion", served.kind().apiVersion()).put("kind", served.kind().kind() + "List");
      list.set("metadata", metadata);
      ArrayNode items = list.putArray("items");
      objects.forEach(object -> items.add(served.shown(object).json()));
      return list;
    }
  }

  /**
   * {@code PartialObjectMetadata}.
   *
   * @param version of {@code meta.k8s.io}
   */
  record MetadataOnly(String version) implements View {
    @Override
    public ObjectNode object(ServedKind served, ApiObject object) {
      return metadata(version, object);
    }

    @Override
    public ObjectNode list(ServedKind served, List<ApiObject> objects, ObjectNode metadata) {
      ObjectNode list = ApiJson.object();
      list.put("kind", "PartialObjectMetadataList").put("apiVersion", "meta.k8s.io/" + version);
      list.set("metadata", metadata);
      ArrayNode items = list.putArray("items");
      objects.forEach(object -> items.add(metadata(version, object)));
      return list;
    }

    static ObjectNode metadata(String version, ApiObject object) {
      ObjectNode partial = ApiJson.object();
      partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/" + version);
      partial.set("metadata", object.json().path("metadata"));
      return partial;
    }
  }
}
