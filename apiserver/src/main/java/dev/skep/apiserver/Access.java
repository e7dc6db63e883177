package dev.skep.apiserver;

import java.util.Optional;
import java.util.Set;

/**
 * What a request does to what, as Kubernetes' authorization has it.
 *
 * @param verb such as {@code list}
 * @param subresource empty for the object itself, as {@code name} is for a collection and {@code
 *     namespace} for what is in none or in all
 */
record Access(
    String verb, String group, String resource, String subresource, String namespace, String name) {
  private static final Set<String> READING = Set.of("get", "list", "watch");

  static Access of(ResourcePath path, Exchange exchange) {
    return new Access(
        verb(path.name(), exchange),
        path.group(),
        path.plural(),
        path.subresource().orElse(""),
        path.namespace().orElse(""),
        path.name().orElse(""));
  }

  static String verb(Optional<String> name, Exchange exchange) {
    return switch (exchange.method()) {
      case "GET", "HEAD" -> exchange.flag("watch") ? "watch" : name.isPresent() ? "get" : "list";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> name.isPresent() ? "delete" : "deletecollection";
      default -> throw ApiFailure.methodNotAllowed(exchange.method(), exchange.pathText());
    };
  }

  boolean isReading() {
    return READING.contains(verb);
  }

  boolean isReading(String ofGroup, String ofResource) {
    return isReading() && group.equals(ofGroup) && resource.equals(ofResource);
  }

  /** {@code services.serving.knative.dev "hello"}. */
  String object() {
    String kind = group.isEmpty() ? resource : resource + "." + group;
    return name.isEmpty() ? kind : "%s \"%s\"".formatted(kind, name);
  }

  /** Why a user may not; what follows his name. */
  String refusal() {
    String what = subresource.isEmpty() ? resource : resource + "/" + subresource;
    String where =
        namespace.isEmpty()
            ? "at the cluster scope"
            : "in the namespace \"%s\"".formatted(namespace);
    return "cannot %s resource \"%s\" in API group \"%s\" %s".formatted(verb, what, group, where);
  }
}
