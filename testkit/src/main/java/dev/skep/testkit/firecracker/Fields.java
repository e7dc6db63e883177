package dev.skep.testkit.firecracker;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The fields of a body that has the right {@link Shape}. */
record Fields(Map<String, Object> values) {
  boolean has(String name) {
    return values.containsKey(name);
  }

  boolean isEmpty() {
    return values.isEmpty();
  }

  String text(String name) {
    return (String) value(name);
  }

  long number(String name) {
    return (long) value(name);
  }

  boolean flag(String name) {
    return values.containsKey(name) && (boolean) value(name);
  }

  @SuppressWarnings("unchecked")
  Fields part(String name) {
    return new Fields((Map<String, Object>) value(name));
  }

  /** None where the list is not there. */
  @SuppressWarnings("unchecked")
  List<Fields> parts(String name) {
    return has(name)
        ? ((List<Map<String, Object>>) value(name)).stream().map(Fields::new).toList()
        : List.of();
  }

  /** These, where {@code later} does not say otherwise. */
  Fields with(Fields later) {
    var all = new LinkedHashMap<>(values);
    all.putAll(later.values);
    return new Fields(all);
  }

  private Object value(String name) {
    return Objects.requireNonNull(values.get(name), name);
  }
}
