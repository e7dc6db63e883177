package dev.skep.api;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The conditions of a status. */
public final class Conditions {
  private Conditions() {}

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
