package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Where a field is, in the elements of {@code FieldsV1}: {@code f:name} for a field, {@code
 * k:{"name":"x"}} for an element of a keyed list, {@code v:"x"} for a value of a set.
 */
record FieldPath(List<String> elements) implements Comparable<FieldPath> {
  static final FieldPath ROOT = new FieldPath(List.of());

  FieldPath {
    elements = List.copyOf(elements);
  }

  FieldPath field(String name) {
    return with("f:" + name);
  }

  FieldPath with(String element) {
    var longer = new ArrayList<>(elements);
    longer.add(element);
    return new FieldPath(longer);
  }

  /** Whether a client's {@code FieldsV1} may have such a name. */
  static boolean isElement(String name) {
    return name.startsWith("f:")
        || name.startsWith("v:")
        || (name.startsWith("k:") && !keys(name.substring(2)).isEmpty());
  }

  boolean isWithin(FieldPath other) {
    return elements.size() >= other.elements.size()
        && elements.subList(0, other.elements.size()).equals(other.elements);
  }

  @Override
  public int compareTo(FieldPath other) {
    int common = Math.min(elements.size(), other.elements.size());
    for (int i = 0; i < common; i++) {
      int order = elements.get(i).compareTo(other.elements.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(elements.size(), other.elements.size());
  }

  /** As messages of conflicts name it: {@code .spec.containers[name="x"].image}. */
  @Override
  public String toString() {
    return elements.stream().map(FieldPath::text).collect(Collectors.joining());
  }

  private static String text(String element) {
    String rest = element.substring(2);
    return switch (element.charAt(0)) {
      case 'f' -> "." + rest;
      case 'v' -> "[=" + rest + "]";
      default -> "[" + keys(rest) + "]";
    };
  }

  /** Empty for what is no key. */
  private static String keys(String json) {
    try {
      JsonNode key = ApiJson.mapper().readTree(json);
      return key.properties().stream()
          .map(entry -> entry.getKey() + "=" + entry.getValue())
          .collect(Collectors.joining(","));
    } catch (JacksonException e) {
      return "";
    }
  }
}
