package dev.skep.api;

import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** What may be in the filters of a Trigger, in Knative's words. */
final class EventFilterValidation {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*");
  private static final Set<String> OF_ATTRIBUTES = Set.of("exact", "prefix", "suffix");
  private static final Set<String> OF_FILTERS = Set.of("all", "any");
  private static final String KNOWN = "expected one of: all, any, exact, not, prefix, suffix";

  private EventFilterValidation() {}

  static void check(JsonNode triggerSpec, FieldErrors errors) {
    names(triggerSpec.path("filter").path("attributes"), "spec.filter.attributes", errors);
    list(triggerSpec.path("filters"), "spec.filters", errors);
  }

  private static void list(JsonNode filters, String path, FieldErrors errors) {
    for (int i = 0; i < filters.size(); i++) {
      one(filters.get(i), "%s[%d]".formatted(path, i), errors);
    }
  }

  private static void one(JsonNode filter, String path, FieldErrors errors) {
    Set<String> dialects =
        filter.properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
    if (!filter.isObject() || dialects.isEmpty()) {
      errors.add("no dialect found", KNOWN, path);
    } else if (dialects.size() > 1) {
      errors.add(
          "multiple dialects found, filters can have only one dialect set",
          "found: " + new TreeSet<>(dialects),
          path);
    } else {
      String dialect = dialects.iterator().next();
      dialect(dialect, filter.path(dialect), path + "." + dialect, errors);
    }
  }

  private static void dialect(String dialect, JsonNode value, String path, FieldErrors errors) {
    if (OF_ATTRIBUTES.contains(dialect)) {
      if (!value.isObject() || value.isEmpty()) {
        errors.missing(path + ".<attribute>");
      }
      names(value, path, errors);
    } else if (OF_FILTERS.contains(dialect)) {
      if (!value.isArray() || value.isEmpty()) {
        errors.missing(path + "[0]");
      }
      list(value, path, errors);
    } else if (dialect.equals("not")) {
      one(value, path, errors);
    } else if (dialect.equals("cesql")) {
      errors.disallowed(path, "CloudEvents SQL is not served here; " + KNOWN);
    } else {
      errors.add("unknown dialect \"%s\"".formatted(dialect), KNOWN, path);
    }
  }

  private static void names(JsonNode attributes, String path, FieldErrors errors) {
    for (Map.Entry<String, JsonNode> entry : attributes.properties()) {
      if (!NAME.matcher(entry.getKey()).matches()) {
        errors.add(
            "Invalid attribute name: \"%s\"".formatted(entry.getKey()),
            "Attribute name must start with a letter and can only contain lowercase alphanumeric",
            path);
      }
      JsonNode value = Objects.requireNonNull(entry.getValue());
      if (!value.isString()) {
        errors.invalid(value, path + "." + entry.getKey(), "expected a string");
      }
    }
  }
}
