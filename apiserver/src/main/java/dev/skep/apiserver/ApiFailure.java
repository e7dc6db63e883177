package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An answer that is a Kubernetes {@code Status}: clients decide by {@code code} and {@code reason},
 * people read {@code message}.
 */
final class ApiFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;
  private final String reason;
  private final transient ObjectNode details = ApiJson.object();

  ApiFailure(int code, String reason, String message) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  static ApiFailure badRequest(String message) {
    return new ApiFailure(400, "BadRequest", message);
  }

  static ApiFailure notFound(String path) {
    return new ApiFailure(
        404, "NotFound", "the server could not find the requested resource: " + path);
  }

  /** 422: what is wrong with which object. */
  static ApiFailure invalid(String kind, String name, String why) {
    return new ApiFailure(422, "Invalid", "%s \"%s\" is invalid: %s".formatted(kind, name, why));
  }

  static ApiFailure methodNotAllowed(String method, String path) {
    return new ApiFailure(
        405, "MethodNotAllowed", "the server does not allow %s on %s".formatted(method, path));
  }

  /** 405 for a kind that the server alone makes. */
  static ApiFailure notWritten(String method, ServedKind served) {
    return new ApiFailure(
        405,
        "MethodNotAllowed",
        "%s cannot be changed with %s: the server makes them (expected: %s)"
            .formatted(served.kind().resource(), method, String.join(", ", served.verbs())));
  }

  /** The one mapping of Skep's codes to HTTP. */
  static ApiFailure of(SkepException e) {
    String message = String.valueOf(e.getMessage());
    return switch (e.code()) {
      case INVALID -> badRequest(message);
      case UNAUTHORIZED -> new ApiFailure(401, "Unauthorized", message);
      case FORBIDDEN -> new ApiFailure(403, "Forbidden", message);
      case NOT_FOUND -> new ApiFailure(404, "NotFound", message);
      case ALREADY_EXISTS -> new ApiFailure(409, "AlreadyExists", message);
      case CONFLICT -> new ApiFailure(409, "Conflict", message);
      case GONE -> new ApiFailure(410, "Expired", message);
      case UNSUPPORTED -> new ApiFailure(501, "NotImplemented", message);
      case UNAVAILABLE -> new ApiFailure(503, "ServiceUnavailable", message);
      case TIMEOUT -> new ApiFailure(504, "Timeout", message);
      case EXHAUSTED -> new ApiFailure(507, "InsufficientStorage", message);
      case INTERNAL -> new ApiFailure(500, "InternalError", message);
    };
  }

  int code() {
    return code;
  }

  /** Names the object that the failure is about. */
  ApiFailure about(String group, String plural, String name) {
    if (!name.isEmpty()) {
      details.put("name", name);
    }
    if (!group.isEmpty()) {
      details.put("group", group);
    }
    details.put("kind", plural);
    return this;
  }

  /** Adds one cause, such as a field and what is wrong with it. */
  ApiFailure because(String reason, String message, String field) {
    ArrayNode causes = details.withArray("causes");
    causes.addObject().put("reason", reason).put("message", message).put("field", field);
    return this;
  }

  ObjectNode status() {
    ObjectNode status = ApiJson.object();
    status.put("kind", "Status").put("apiVersion", "v1");
    status.putObject("metadata");
    status.put("status", "Failure").put("message", getMessage()).put("reason", reason);
    if (!details.isEmpty()) {
      status.set("details", details.deepCopy());
    }
    return status.put("code", code);
  }
}
