package dev.skep.gateway;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the authority of a request: {@code name}, {@code name:port} or {@code [v6]:port}. */
final class Authority {
  private static final int LONGEST_NAME = 255;

  private Authority() {}

  /** The host name in lower case without port and final dot, or null when it is not one. */
  static @Nullable String host(CharSequence authority) {
    String text = authority.toString();
    int end = hostEnd(text);
    if (end <= 0 || end > LONGEST_NAME || !isPort(text, end)) {
      return null;
    }
    int last = text.charAt(end - 1) == '.' && end > 1 ? end - 1 : end;
    return text.substring(0, last).toLowerCase(Locale.ROOT);
  }

  /** Index after the host, or -1 when a character of it is not allowed. */
  private static int hostEnd(String text) {
    if (text.startsWith("[")) {
      int close = text.indexOf(']');
      for (int i = 1; i < close; i++) {
        char c = text.charAt(i);
        if (c != ':' && c != '.' && Character.digit(c, 16) < 0) {
          return -1;
        }
      }
      return close + 1;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ':') {
        return i;
      }
      if (!isNameCharacter(c)) {
        return -1;
      }
    }
    return text.length();
  }

  private static boolean isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == '_';
  }

  private static boolean isPort(String text, int end) {
    if (end == text.length()) {
      return true;
    }
    if (text.charAt(end) != ':' || text.length() - end > 6) {
      return false;
    }
    for (int i = end + 1; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }
}
