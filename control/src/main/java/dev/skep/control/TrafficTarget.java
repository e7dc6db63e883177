package dev.skep.control;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One entry of {@code spec.traffic} of a Route.
 *
 * @param tag gives it a host name of its own; empty for none
 * @param revision that it names; empty where it follows a configuration
 * @param configuration whose latest ready revision it follows
 * @param percent of the requests to the route's own host name
 */
record TrafficTarget(
    String tag, String revision, String configuration, boolean latest, int percent) {
  static List<TrafficTarget> all(JsonNode traffic) {
    return traffic.valueStream().map(TrafficTarget::of).toList();
  }

  private static TrafficTarget of(JsonNode target) {
    String revision = target.path("revisionName").asString("");
    return new TrafficTarget(
        target.path("tag").asString(""),
        revision,
        target.path("configurationName").asString(""),
        target.path("latestRevision").asBoolean(revision.isEmpty()),
        target.path("percent").asInt(0));
  }
}
