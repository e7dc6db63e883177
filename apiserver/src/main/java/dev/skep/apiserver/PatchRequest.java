package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A patch that was read once and may be applied several times; no server-side apply. */
record PatchRequest(PatchType type, JsonNode patch) {
  private static final int MOST_OPERATIONS = 10_000;

  /** Fails with INVALID on a body that is no patch of that type. */
  static PatchRequest read(PatchType type, byte[] body) {
    return new PatchRequest(type, type == PatchType.JSON ? operations(body) : ApiJson.parse(body));
  }

  private static JsonNode operations(byte[] body) {
    try {
      JsonNode operations = ApiJson.mapper().readTree(body);
      if (operations.size() > MOST_OPERATIONS) {
        throw new ApiFailure(
            413,
            "RequestEntityTooLarge",
            "The allowed maximum operations in a JSON patch is %d, got %d"
                .formatted(MOST_OPERATIONS, operations.size()));
      }
      return operations;
    } catch (JacksonException e) {
      throw new SkepException(Code.INVALID, "JSON patch: " + e.getOriginalMessage(), e);
    }
  }

  /** Fails with 422 where the patch does not fit the object. */
  ObjectNode on(ObjectNode target) {
    try {
      return switch (type) {
        case JSON -> Patches.apply(target, patch);
        case STRATEGIC -> StrategicMerge.merge(target, (ObjectNode) patch);
        case MERGE, APPLY -> Patches.merge(target, (ObjectNode) patch);
      };
    } catch (SkepException e) {
      throw new ApiFailure(422, "Invalid", String.valueOf(e.getMessage()));
    }
  }
}
