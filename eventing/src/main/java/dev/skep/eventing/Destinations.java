package dev.skep.eventing;

import dev.skep.api.ApiObject;
import dev.skep.control.Addresses;
import dev.skep.store.ResourceKind;
import java.net.URI;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Where destinations are: {@code {ref, uri}} of a spec.
 *
 * @param objects all that may be referred to
 */
record Destinations(Lookup objects) {
  /** Finds an object. */
  interface Lookup {
    Optional<ApiObject> get(ResourceKind kind, String namespace, String name);
  }

  /** Where it is, or why that is not known. */
  sealed interface Resolved {
    /** The URI; empty where it is not known. */
    default Optional<URI> uri() {
      return this instanceof Found(var uri) ? Optional.of(uri) : Optional.empty();
    }
  }

  record Found(URI at) implements Resolved {}

  /**
   * @param reason for the condition, in one word
   */
  record Lost(String reason, String message) implements Resolved {}

  Resolved resolve(JsonNode destination) {
    String uri = destination.path("uri").asString("");
    JsonNode ref = destination.path("ref");
    if (!ref.isObject()) {
      return new Found(URI.create(uri));
    }
    return switch (referred(ref)) {
      case Found(var at) -> new Found(uri.isEmpty() ? at : rooted(at).resolve(uri));
      case Lost lost -> lost;
    };
  }

  /** With a path. */
  static URI rooted(URI uri) {
    return uri.getPath().isEmpty() ? uri.resolve("/") : uri;
  }

  private Resolved referred(JsonNode ref) {
    String group = ref.path("apiVersion").asString("").replaceFirst("/?v[^/]*$", "");
    String kind = ref.path("kind").asString("");
    String namespace = ref.path("namespace").asString("");
    String name = ref.path("name").asString("");
    return switch (kind + "." + group) {
      case "Service.serving.knative.dev" -> function(namespace, name);
      case "Service." -> service(namespace, name);
      case "Broker.eventing.knative.dev" ->
          inbox(ResourceKind.BROKER, new Inbox(Inbox.Kind.BROKER, namespace, name));
      case "Channel.messaging.knative.dev" ->
          inbox(ResourceKind.CHANNEL, new Inbox(Inbox.Kind.CHANNEL, namespace, name));
      default ->
          new Lost(
              "NotAddressable",
              "%s of %s cannot take events (expected: a Knative or core Service, a Broker or a Channel)"
                  .formatted(kind, ref.path("apiVersion").asString("")));
    };
  }

  private Resolved function(String namespace, String name) {
    Optional<ApiObject> found = objects.get(ResourceKind.KNATIVE_SERVICE, namespace, name);
    if (found.isEmpty()) {
      return notFound(ResourceKind.KNATIVE_SERVICE, name);
    }
    String url = found.get().status().path("address").path("url").asString("");
    return url.isEmpty()
        ? new Lost("NoAddress", "address not set for Service %s/%s".formatted(namespace, name))
        : new Found(URI.create(url));
  }

  private Resolved service(String namespace, String name) {
    return objects.get(ResourceKind.SERVICE, namespace, name).isEmpty()
        ? notFound(ResourceKind.SERVICE, name)
        : new Found(URI.create("http://%s.%s.svc.%s".formatted(name, namespace, Addresses.INSIDE)));
  }

  private Resolved inbox(ResourceKind kind, Inbox inbox) {
    return objects.get(kind, inbox.namespace(), inbox.name()).isEmpty()
        ? notFound(kind, inbox.name())
        : new Found(inbox.url());
  }

  private static Resolved notFound(ResourceKind kind, String name) {
    return new Lost("NotFound", "%s \"%s\" not found".formatted(kind.resource(), name));
  }
}
