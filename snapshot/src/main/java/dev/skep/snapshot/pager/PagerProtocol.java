package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.ToStringSerializer;

/**
 * Requests and answers as lines. An answer is {@code {"ok": VALUE}} or {@code {"error": MESSAGE,
 * "code": CODE}}.
 */
final class PagerProtocol {
  static final JsonMapper JSON =
      JsonMapper.builder()
          .addModule(new SimpleModule().addSerializer(Path.class, ToStringSerializer.instance))
          .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private PagerProtocol() {}

  static PagerRequest request(String line) {
    try {
      return JSON.readValue(line, PagerRequest.class);
    } catch (JacksonException e) {
      throw new SkepException(Code.INVALID, "not a request: " + e.getOriginalMessage(), e);
    }
  }

  static String ok(Object value) {
    var answer = JSON.createObjectNode();
    answer.set("ok", JSON.valueToTree(value));
    return JSON.writeValueAsString(answer);
  }

  static String error(SkepException e) {
    return JSON.writeValueAsString(
        JSON.createObjectNode().put("error", e.getMessage()).put("code", e.code().name()));
  }

  /**
   * What was answered.
   *
   * @throws SkepException if that was an error
   */
  static JsonNode value(String line) {
    JsonNode answer = JSON.readTree(line);
    if (answer.has("error")) {
      throw new SkepException(
          Code.valueOf(answer.path("code").asString(Code.INTERNAL.name())),
          answer.path("error").asString(""));
    }
    return answer.path("ok");
  }
}
