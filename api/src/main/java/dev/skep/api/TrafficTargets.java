package dev.skep.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Fills in and checks {@code spec.traffic} ({@code pkg/apis/serving/v1/route_*.go}). */
final class TrafficTargets {
  private static final String TRAFFIC = "spec.traffic";

  private TrafficTargets() {}

  static void applyDefaults(ObjectNode spec) {
    for (JsonNode target : spec.path("traffic")) {
      if (target instanceof ObjectNode object) {
        if (!object.has("latestRevision")) {
          object.put("latestRevision", object.path("revisionName").asString("").isEmpty());
        }
        if (!object.has("percent")) {
          object.put("percent", 0);
        }
      }
    }
  }

  /** All traffic of a Service that says nothing of it goes to its latest revision. */
  static void leadToLatest(ObjectNode spec) {
    ArrayNode traffic = spec.withArray("traffic");
    if (traffic.isEmpty()) {
      traffic.addObject().put("latestRevision", true).put("percent", 100);
    }
  }

  /** Its targets are revisions of its own. */
  static void checkOfService(JsonNode traffic, FieldErrors errors) {
    check(traffic, true, errors);
  }

  /** Each of its targets names a revision or a configuration. */
  static void checkOfRoute(JsonNode traffic, FieldErrors errors) {
    check(traffic, false, errors);
  }

  private static void check(JsonNode traffic, boolean ofService, FieldErrors errors) {
    long sum = 0;
    var tags = new HashMap<String, Integer>();
    for (int i = 0; i < traffic.size(); i++) {
      JsonNode target = traffic.get(i);
      String path = "%s[%d]".formatted(TRAFFIC, i);
      sense(target, path, errors);
      names(target, path, ofService, errors);
      tag(target.path("tag").asString(""), i, tags, errors);
      if (target.has("url")) {
        errors.disallowed(path + ".url", "");
      }
      sum += percent(target, path, errors);
    }
    if (sum != 100) {
      errors.add("Traffic targets sum to %d, want 100".formatted(sum), "", TRAFFIC);
    }
  }

  private static void sense(JsonNode target, String path, FieldErrors errors) {
    String revision = target.path("revisionName").asString("");
    boolean latest = target.path("latestRevision").asBoolean(false);
    if (latest == !revision.isEmpty()) {
      errors.add(
          "may not set revisionName \"%s\" when latestRevision is %s".formatted(revision, latest),
          "",
          path + ".latestRevision");
    }
  }

  private static void names(JsonNode target, String path, boolean ofService, FieldErrors errors) {
    String revision = target.path("revisionName").asString("");
    String configuration = target.path("configurationName").asString("");
    if (ofService && !configuration.isEmpty()) {
      errors.disallowed(path + ".configurationName", "");
    } else if (!revision.isEmpty() && !configuration.isEmpty()) {
      errors.exactlyOne("both", List.of(path + ".revisionName", path + ".configurationName"));
    } else if (!revision.isEmpty()) {
      qualified(revision, path + ".revisionName", errors);
    } else if (!configuration.isEmpty()) {
      qualified(configuration, path + ".configurationName", errors);
    } else if (!ofService) {
      errors.exactlyOne("neither", List.of(path + ".revisionName", path + ".configurationName"));
    }
  }

  private static void qualified(String name, String path, FieldErrors errors) {
    List<String> problems = Names.qualifiedName(name);
    if (!problems.isEmpty()) {
      errors.invalidKey(name, path, String.join(", ", problems));
    }
  }

  private static void tag(String tag, int index, Map<String, Integer> tags, FieldErrors errors) {
    if (tag.isEmpty()) {
      return;
    }
    List<String> problems = Names.dns1035Label(tag);
    if (!problems.isEmpty()) {
      errors.invalid(
          "not a DNS 1035 label: " + FieldErrors.all(problems),
          "%s.tag[%d]".formatted(TRAFFIC, index),
          "");
    }
    Integer first = tags.putIfAbsent(tag, index);
    if (first != null) {
      errors.add(
          "Multiple definitions for \"%s\"".formatted(tag),
          "",
          "%s[%d].tag".formatted(TRAFFIC, first),
          "%s[%d].tag".formatted(TRAFFIC, index));
    }
  }

  private static long percent(JsonNode target, String path, FieldErrors errors) {
    long percent = target.path("percent").asLong(0);
    if (percent < 0 || percent > 100) {
      errors.outOfBounds(percent, 0, 100, path + ".percent");
    }
    return Math.clamp(percent, -1_000, 1_000);
  }
}
