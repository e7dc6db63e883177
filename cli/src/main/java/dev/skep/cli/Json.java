package dev.skep.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value: null, Boolean, Number, String, {@code List<Object>} or {@code Map<String, Object>}.
 * What is not there reads as missing, so paths need no checks.
 *
 * <p>Plain collections and no data binding: loading that costs more than a whole command may take.
 */
record Json(@Nullable Object value) {
  private static final Json MISSING = new Json(null);

  static Json object() {
    return new Json(new LinkedHashMap<String, @Nullable Object>());
  }

  Json at(String... path) {
    Object here = value;
    for (String step : path) {
      here = here instanceof Map<?, ?> map ? map.get(step) : null;
    }
    return here == null ? MISSING : new Json(here);
  }

  boolean isMissing() {
    return value == null;
  }

  /** The text of a scalar; empty for what is missing. */
  String text() {
    return value == null || value instanceof Map || value instanceof List ? "" : value.toString();
  }

  Optional<String> optional() {
    return Optional.of(text()).filter(text -> !text.isEmpty());
  }

  long number() {
    return value instanceof Number number ? number.longValue() : 0;
  }

  boolean isTrue() {
    return value instanceof Boolean bool ? bool : text().equals("True");
  }

  /** The elements of an array; none for anything else. */
  List<Json> items() {
    var items = new ArrayList<Json>();
    if (value instanceof List<?> list) {
      list.forEach(item -> items.add(new Json(item)));
    }
    return items;
  }

  /** The fields of an object, in order; none for anything else. */
  Map<String, Json> fields() {
    var fields = new LinkedHashMap<String, Json>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, field) -> fields.put((String) name, new Json(field)));
    }
    return fields;
  }

  /** Sets a field of this object, given as a Json, a collection or a scalar. */
  @SuppressWarnings("unchecked") // the only maps in here are ours
  Json set(String name, @Nullable Object field) {
    if (!(value instanceof Map)) {
      throw new IllegalStateException("not an object: " + value);
    }
    ((Map<String, @Nullable Object>) value)
        .put(name, field instanceof Json json ? json.value() : field);
    return this;
  }
}
