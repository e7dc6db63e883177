package dev.skep.api;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The conditions of a status. */
public final class Conditions {
  private Conditions() {}

  /**
   * Adds one to a status, without its time.
   *
   * @param value {@code True}, {@code False} or {@code Unknown}
   * @param reason left out where it is empty, as is the message
   */
  public static void add(
      ObjectNode status, String type, String value, String reason, String message) {
    ObjectNode condition = status.withArray("conditions").addObject();
    if (!message.isEmpty()) {
      condition.put("message", message);
    }
    if (!reason.isEmpty()) {
      condition.put("reason", reason);
    }
    condition.put("status", value).put("type", type);
  }

  /** {@code wanted}, where conditions have the time at which their status last changed. */
  public static ObjectNode withTimes(ObjectNode wanted, JsonNode before, Instant now) {
    ObjectNode status = wanted.deepCopy();
    for (JsonNode condition : status.path("conditions")) {
      String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
      for (JsonNode old : before.path("conditions")) {
        if (old.path("type").equals(condition.path("type"))
            && old.path("status").equals(condition.path("status"))) {
          time = old.path("lastTransitionTime").asString(time);
        }
      }
      ((ObjectNode) condition).put("lastTransitionTime", time);
    }
    return status;
  }
}
