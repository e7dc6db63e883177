package dev.skep.testkit.firecracker;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** JSON as Firecracker writes it: no blanks. */
final class Json {
  static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  static String text(@Nullable Object value) {
    return MAPPER.writeValueAsString(value);
  }
}
