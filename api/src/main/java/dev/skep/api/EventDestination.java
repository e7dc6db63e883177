package dev.skep.api;

import java.net.URI;
import java.net.URISyntaxException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Where events go: {@code {ref, uri}}, Knative's {@code duckv1.Destination}. */
final class EventDestination {
  private EventDestination() {}

  /** A reference without a namespace is to an object of the same one. */
  static void applyDefaults(JsonNode destination, String namespace) {
    if (destination.path("ref") instanceof ObjectNode ref
        && ref.path("namespace").asString("").isEmpty()) {
      ref.put("namespace", namespace);
    }
  }

  static void check(JsonNode destination, String path, FieldErrors errors) {
    JsonNode ref = destination.path("ref");
    String uri = destination.path("uri").asString("");
    if (!ref.isObject() && uri.isEmpty()) {
      errors.add("expected at least one, got none", "", path + ".ref", path + ".uri");
      return;
    }
    if (ref.isObject()) {
      reference(ref, path + ".ref", errors);
    }
    if (!uri.isEmpty()) {
      uri(uri, ref.isObject(), path + ".uri", errors);
    }
  }

  static void reference(JsonNode ref, String path, FieldErrors errors) {
    for (String field : new String[] {"apiVersion", "kind", "name"}) {
      if (ref.path(field).asString("").isEmpty()) {
        errors.missing(path + "." + field);
      }
    }
  }

  private static void uri(String text, boolean mayBeRelative, String path, FieldErrors errors) {
    try {
      var uri = new URI(text);
      if (!uri.isAbsolute()) {
        if (!mayBeRelative) {
          errors.invalid(text, path, "Relative URI is not allowed when Ref is absent");
        }
      } else if (!uri.getScheme().matches("https?") || uri.getHost() == null) {
        errors.invalid(text, path, "expected http://HOST[:PORT]/PATH or https://");
      }
    } catch (URISyntaxException e) {
      errors.invalid(text, path, e.getReason());
    }
  }
}
