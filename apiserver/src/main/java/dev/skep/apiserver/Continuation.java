package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;

/**
 * Where a list goes on: after the object of that key.
 *
 * @param version that the list shows
 */
record Continuation(long version, String namespace, String name) {
  private static final Comparator<Continuation> ORDER =
      Comparator.comparing(Continuation::namespace).thenComparing(Continuation::name);

  static Continuation after(ApiObject object, long version) {
    return new Continuation(version, object.namespace(), object.name());
  }

  static Continuation read(String token) {
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      String[] parts = text.split("/", 3);
      if (parts.length == 3) {
        return new Continuation(Long.parseLong(parts[0]), parts[1], parts[2]);
      }
    } catch (IllegalArgumentException e) {
      // not of ours either
    }
    throw ApiFailure.badRequest("continue key is not valid: \"%s\"".formatted(token));
  }

  String token() {
    byte[] text = "%d/%s/%s".formatted(version, namespace, name).getBytes(StandardCharsets.UTF_8);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text);
  }

  boolean isBefore(ApiObject object) {
    return ORDER.compare(this, after(object, version)) < 0;
  }
}
