package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A patch that was read once and may be applied several times. */
final class PatchRequest {
  private static final String MERGE = "application/merge-patch+json";
  private static final String JSON_PATCH = "application/json-patch+json";
  private static final int MOST_OPERATIONS = 10_000;

  private final boolean merge;
  private final JsonNode patch;

  PatchRequest(String contentType, byte[] body, Exchange exchange) {
    this.merge = contentType.equals(MERGE);
    if (merge) {
      this.patch = ApiJson.parse(body);
    } else if (contentType.equals(JSON_PATCH)) {
      this.patch = operations(body);
    } else {
      throw exchange.unknownFormat(JSON_PATCH + ", " + MERGE);
    }
  }

  private static JsonNode operations(byte[] body) {
    try {
      JsonNode operations = ApiJson.mapper().readTree(body);
      if (operations.size() > MOST_OPERATIONS) {
        throw new SkepException(
            Code.INVALID,
            "JSON patch: %d operations (expected: at most %d)"
                .formatted(operations.size(), MOST_OPERATIONS));
      }
      return operations;
    } catch (JacksonException e) {
      throw new SkepException(Code.INVALID, "JSON patch: " + e.getOriginalMessage(), e);
    }
  }

  ObjectNode on(ObjectNode target) {
    return merge && patch instanceof ObjectNode object
        ? Patches.merge(target, object)
        : Patches.apply(target, patch);
  }
}
