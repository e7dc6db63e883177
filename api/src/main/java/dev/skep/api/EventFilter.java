package dev.skep.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Which events pass, after the filters of the CloudEvents subscriptions specification (version 1.0,
 * section 3.2.4). CESQL is not among them.
 */
public sealed interface EventFilter {
  /** What everything passes. */
  EventFilter ALL = new All(List.of());

  /**
   * @param attributes all attributes of an event, extensions too, in their canonical text
   */
  boolean matches(Map<String, String> attributes);

  /** How one attribute is compared. */
  enum Comparison {
    EXACT,
    PREFIX,
    SUFFIX,
    /** As {@link #EXACT}, but an empty text means that the attribute is there. */
    EXACT_OR_ANY;

    private boolean holds(String found, String wanted) {
      return switch (this) {
        case EXACT -> found.equals(wanted);
        case PREFIX -> found.startsWith(wanted);
        case SUFFIX -> found.endsWith(wanted);
        case EXACT_OR_ANY -> wanted.isEmpty() || found.equals(wanted);
      };
    }
  }

  /** Every one of these attributes is there and compares. */
  record Attributes(Comparison comparison, Map<String, String> wanted) implements EventFilter {
    public Attributes {
      wanted = Map.copyOf(wanted);
    }

    @Override
    public boolean matches(Map<String, String> attributes) {
      return wanted.entrySet().stream()
          .allMatch(
              one ->
                  Optional.ofNullable(attributes.get(one.getKey()))
                      .filter(found -> comparison.holds(found, one.getValue()))
                      .isPresent());
    }
  }

  /** All of them pass. */
  record All(List<EventFilter> filters) implements EventFilter {
    public All {
      filters = List.copyOf(filters);
    }

    @Override
    public boolean matches(Map<String, String> attributes) {
      return filters.stream().allMatch(filter -> filter.matches(attributes));
    }
  }

  /** At least one of them passes. */
  record Any(List<EventFilter> filters) implements EventFilter {
    public Any {
      filters = List.copyOf(filters);
    }

    @Override
    public boolean matches(Map<String, String> attributes) {
      return filters.stream().anyMatch(filter -> filter.matches(attributes));
    }
  }

  /** It does not pass. */
  record Not(EventFilter filter) implements EventFilter {
    @Override
    public boolean matches(Map<String, String> attributes) {
      return !filter.matches(attributes);
    }
  }

  /** Of a Trigger that was validated: {@code filters} where there are some, else {@code filter}. */
  static EventFilter of(JsonNode triggerSpec) {
    JsonNode filters = triggerSpec.path("filters");
    if (!filters.isEmpty()) {
      return new All(list(filters));
    }
    return new Attributes(
        Comparison.EXACT_OR_ANY, strings(triggerSpec.path("filter").path("attributes")));
  }

  private static List<EventFilter> list(JsonNode filters) {
    var list = new ArrayList<EventFilter>();
    filters.forEach(filter -> list.add(one(filter)));
    return list;
  }

  private static EventFilter one(JsonNode filter) {
    String dialect = Objects.requireNonNull(filter.properties().iterator().next()).getKey();
    JsonNode value = filter.path(dialect);
    return switch (dialect) {
      case "exact" -> new Attributes(Comparison.EXACT, strings(value));
      case "prefix" -> new Attributes(Comparison.PREFIX, strings(value));
      case "suffix" -> new Attributes(Comparison.SUFFIX, strings(value));
      case "all" -> new All(list(value));
      case "any" -> new Any(list(value));
      case "not" -> new Not(one(value));
      default -> throw new IllegalArgumentException("filter: " + dialect);
    };
  }

  private static Map<String, String> strings(JsonNode object) {
    var strings = new TreeMap<String, String>();
    object
        .properties()
        .forEach(
            entry ->
                strings.put(entry.getKey(), Objects.requireNonNull(entry.getValue()).asString("")));
    return strings;
  }
}
