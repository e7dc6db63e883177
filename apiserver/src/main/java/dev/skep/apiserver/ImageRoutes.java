package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.image.Image;
import dev.skep.image.ImageConfig;
import dev.skep.image.Images;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The images of this host. */
final class ImageRoutes {
  private final Images images;

  ImageRoutes(Images images) {
    this.images = images;
  }

  void handle(Exchange exchange) {
    switch (exchange.method()) {
      case "GET" -> exchange.send(list(exchange.query("reference")));
      case "POST" -> add(exchange);
      case "DELETE" -> {
        String reference = reference(exchange.query("reference").orElse(""));
        images.remove(reference);
        exchange.send(ApiJson.object().put("removed", reference));
      }
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    }
  }

  private static String reference(String reference) {
    if (reference.isEmpty()) {
      throw ApiFailure.badRequest("reference: missing (expected: the name of an image)");
    }
    return reference;
  }

  private ObjectNode list(Optional<String> reference) {
    ObjectNode list = ApiJson.object();
    ArrayNode items = list.putArray("items");
    List<Image> found =
        reference.isPresent() ? images.find(reference.get()).stream().toList() : images.list();
    found.forEach(image -> items.add(json(image)));
    return list;
  }

  private static ObjectNode json(Image image) {
    ObjectNode json = ApiJson.mapper().valueToTree(image);
    return json.put("erofs", image.erofs().toString());
  }

  /** Answers with lines of progress; the last line is the image or why there is none. */
  private void add(Exchange exchange) {
    ObjectNode order = exchange.object();
    reference(order.path("reference").asString(""));
    try (var progress = new ProgressLines(exchange.stream("application/x-ndjson"))) {
      try {
        progress.end(ApiJson.object().set("image", json(fetch(order, progress))));
      } catch (SkepException e) {
        progress.end(ApiJson.object().set("error", ApiFailure.of(e).status()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Image fetch(ObjectNode order, Images.Progress progress) {
    String reference = order.path("reference").asString("");
    String path = order.path("path").asString("");
    if (path.isEmpty()) {
      return images.pull(reference, progress);
    }
    if (!Path.of(path).isAbsolute()) {
      throw new SkepException(
          Code.INVALID, "path: \"%s\" (expected: an absolute path on this host)".formatted(path));
    }
    return order.path("config") instanceof ObjectNode config
        ? images.importRootfs(Path.of(path), reference, config(config), progress)
        : images.load(Path.of(path), reference, progress);
  }

  private static ImageConfig config(ObjectNode config) {
    int port = config.path("port").asInt(0);
    return new ImageConfig(
        texts(config.path("entrypoint")),
        texts(config.path("cmd")),
        strings(config.path("env")),
        config.path("user").asString(""),
        config.path("workingDir").asString(""),
        port == 0 ? Optional.empty() : Optional.of(port),
        config.path("architecture").asString("amd64"));
  }

  private static List<String> texts(JsonNode array) {
    var texts = new ArrayList<String>();
    array.forEach(element -> texts.add(element.asString("")));
    return texts;
  }

  private static Map<String, String> strings(JsonNode object) {
    var strings = new TreeMap<String, String>();
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      strings.put(entry.getKey(), Objects.requireNonNull(entry.getValue()).asString(""));
    }
    return strings;
  }
}
