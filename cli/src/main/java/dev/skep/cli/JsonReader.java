package dev.skep.cli;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON (RFC 8259) in UTF-8 into plain collections; fails with INTERNAL where it is malformed.
 *
 * <p>Our own, because Jackson's parser takes a quarter of a short command's time to load, and every
 * command reads an answer of the daemon.
 */
final class JsonReader {
  /** As deep as the daemon reads, and more than it sends. */
  private static final int MAX_DEPTH = 64;

  private final byte[] text;
  private int at;
  private int depth;

  private JsonReader(byte[] text) {
    this.text = text;
  }

  /** The one value of the text. */
  static @Nullable Object read(byte[] text) {
    var reader = new JsonReader(text);
    Object value = reader.value();
    if (reader.peek() >= 0) {
      throw reader.wrong("nothing more");
    }
    return value;
  }

  private @Nullable Object value() {
    return switch (peek()) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string();
      case 't' -> literal("true", true);
      case 'f' -> literal("false", false);
      case 'n' -> literal("null", null);
      default -> number();
    };
  }

  private Map<String, @Nullable Object> object() {
    var object = new LinkedHashMap<String, @Nullable Object>();
    enter();
    if (peek() != '}') {
      do {
        peek();
        String name = string();
        expect(':');
        object.put(name, value());
      } while (more());
    }
    leave('}');
    return object;
  }

  private List<@Nullable Object> array() {
    var array = new ArrayList<@Nullable Object>();
    enter();
    if (peek() != ']') {
      do {
        array.add(value());
      } while (more());
    }
    leave(']');
    return array;
  }

  private void enter() {
    at++;
    if (++depth > MAX_DEPTH) {
      throw wrong("at most " + MAX_DEPTH + " levels");
    }
  }

  private void leave(char end) {
    expect(end);
    depth--;
  }

  /** Whether a comma says that another element comes. */
  private boolean more() {
    if (peek() != ',') {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw wrong("'" + wanted + "'");
    }
    at++;
  }

  private @Nullable Object literal(String word, @Nullable Object value) {
    for (int i = 0; i < word.length(); i++, at++) {
      if (at == text.length || text[at] != word.charAt(i)) {
        throw wrong(word);
      }
    }
    return value;
  }

  private Number number() {
    int from = at;
    boolean whole = true;
    for (; at < text.length && "+-.0123456789Ee".indexOf(text[at]) >= 0; at++) {
      whole &= text[at] == '-' ? at == from : text[at] >= '0' && text[at] <= '9';
    }
    String number = new String(text, from, at - from, StandardCharsets.ISO_8859_1);
    try {
      if (!whole) {
        return Double.valueOf(number);
      }
      return number.length() < 19 ? Long.valueOf(number) : new BigInteger(number);
    } catch (NumberFormatException e) {
      at = from;
      throw wrong("a value");
    }
  }

  private String string() {
    if (at == text.length || text[at] != '"') {
      throw wrong("a string");
    }
    int from = ++at;
    while (at < text.length && text[at] != '"' && text[at] != '\\') {
      at++;
    }
    if (at < text.length && text[at] == '"') {
      return utf8(from, at++);
    }
    return escaped(from);
  }

  private String utf8(int from, int to) {
    return new String(text, from, to - from, StandardCharsets.UTF_8);
  }

  /** The rest of a string whose first backslash is next. */
  private String escaped(int begin) {
    var string = new StringBuilder();
    int from = begin;
    for (; at < text.length && text[at] != '"'; at++) {
      if (text[at] == '\\') {
        string.append(utf8(from, at++)).append(escape());
        from = at + 1;
      }
    }
    if (at == text.length) {
      throw wrong("the end of a string");
    }
    return string.append(utf8(from, at++)).toString();
  }

  /** What stands for the character at the position, and moves to its last one. */
  private char escape() {
    int c = at < text.length ? text[at] : -1;
    return switch (c) {
      case '"', '\\', '/' -> (char) c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw wrong("an escape");
    };
  }

  private char unicode() {
    int code = 0;
    for (int i = 1; i <= 4; i++) {
      int digit = at + i < text.length ? Character.digit(text[at + i], 16) : -1;
      if (digit < 0) {
        throw wrong("four hexadecimal digits");
      }
      code = code << 4 | digit;
    }
    at += 4;
    return (char) code;
  }

  /** The next byte that is no white space, which stays; -1 at the end. */
  private int peek() {
    for (; at < text.length; at++) {
      byte b = text[at];
      if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
        return b & 0xff;
      }
    }
    return -1;
  }

  private SkepException wrong(String expected) {
    String found = at < text.length ? "'" + utf8(at, Math.min(text.length, at + 10)) + "'" : "end";
    return new SkepException(
        Code.INTERNAL, "not JSON: byte " + at + ": " + found + " (expected: " + expected + ")");
  }
}
