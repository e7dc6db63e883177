package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import tools.jackson.databind.JsonNode;

/**
 * What a client wants of the object that it deletes.
 *
 * @param uid empty: any
 * @param resourceVersion empty: any
 */
record DeleteOptions(String uid, String resourceVersion) {
  /** The body may be missing, and other formats than JSON say nothing that matters here. */
  static DeleteOptions read(Exchange exchange) {
    byte[] body = exchange.body();
    if (body.length == 0 || !exchange.contentType().equals(Exchange.JSON)) {
      return new DeleteOptions("", "");
    }
    JsonNode preconditions = ApiJson.parse(body).path("preconditions");
    return new DeleteOptions(
        preconditions.path("uid").asString(""), preconditions.path("resourceVersion").asString(""));
  }

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
