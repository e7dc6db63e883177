package dev.skep.image;

import java.nio.charset.StandardCharsets;

/** What an image says, made fit for a message: quoted, no control characters, not too long. */
final class Printable {
  private static final int MAX = 200;

  private Printable() {}

  static String of(byte[] bytes) {
    return of(new String(bytes, StandardCharsets.UTF_8));
  }

  static String of(String text) {
    StringBuilder out = new StringBuilder("'");
    text.codePoints()
        .limit(MAX)
        .forEach(
            c -> {
              if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                out.append(String.format("\\u%04x", c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.append(text.codePointCount(0, text.length()) > MAX ? "...'" : "'").toString();
  }
}
