package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.OwnedObjects.Propagation;
import dev.skep.store.ResourceKind;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a client wants of the object that it deletes.
 *
 * @param uid empty: any
 * @param resourceVersion empty: any
 */
record DeleteOptions(String uid, String resourceVersion, boolean dryRun, Propagation propagation) {
  /** From the body, which may be missing, and from the query. */
  static DeleteOptions read(Exchange exchange) {
    ObjectNode body = exchange.hasBody() ? exchange.object() : ApiJson.object();
    JsonNode preconditions = body.path("preconditions");
    return new DeleteOptions(
        preconditions.path("uid").asString(""),
        preconditions.path("resourceVersion").asString(""),
        exchange.isDryRun() || !body.path("dryRun").isEmpty(),
        propagation(
            exchange
                .query("propagationPolicy")
                .orElseGet(() -> body.path("propagationPolicy").asString(""))));
  }

  private static Propagation propagation(String policy) {
    return switch (policy) {
      case "", "Background" -> Propagation.BACKGROUND;
      case "Foreground" -> Propagation.FOREGROUND;
      case "Orphan" -> Propagation.ORPHAN;
      default ->
          throw ApiFailure.invalid(
                  "DeleteOptions.meta.k8s.io",
                  "",
                  "propagationPolicy: Unsupported value: \"%s\": supported values: Foreground, Background, Orphan"
                      .formatted(policy))
              .about("meta.k8s.io", "DeleteOptions", "");
    };
  }

  /** Fails with CONFLICT where it is not the object that was meant. */
  void check(ResourceKind kind, ApiObject object) {
    check(kind, object, "UID", uid, object.uid());
    check(
        kind, object, "ResourceVersion", resourceVersion, Long.toString(object.resourceVersion()));
  }

  private static void check(
      ResourceKind kind, ApiObject object, String what, String wanted, String found) {
    if (!wanted.isEmpty() && !wanted.equals(found)) {
      throw new SkepException(
          Code.CONFLICT,
          "Operation cannot be fulfilled on %s \"%s\": Precondition failed: %s in precondition: %s, %s in object meta: %s"
              .formatted(kind.resource(), object.name(), what, wanted, what, found));
    }
  }
}
