package dev.skep.apiserver;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The messages of {@code messages.txt}. */
final class ProtobufMessages {
  /** How often a field may be there. */
  enum Label {
    /** A value that its type's zero stands for when it is not set. */
    PLAIN,
    OPTIONAL,
    LIST,
    MAP
  }

  /**
   * One field.
   *
   * @param name empty: the fields of its message stand in the object itself
   */
  record Field(String name, Label label, String type) {
    static Field read(String text) {
      int colon = text.indexOf(':');
      String type = text.substring(colon + 1);
      Label label =
          type.startsWith("[]")
              ? Label.LIST
              : type.startsWith("{}")
                  ? Label.MAP
                  : type.startsWith("*") ? Label.OPTIONAL : Label.PLAIN;
      int marks = label == Label.PLAIN ? 0 : label == Label.OPTIONAL ? 1 : 2;
      return new Field(text.substring(0, colon), label, type.substring(marks));
    }
  }

  private static final String FILE = "messages.txt";

  /** Read with the first use. */
  private static final class Holder {
    private static final Map<String, Map<Integer, Field>> MESSAGES = load();
  }

  private ProtobufMessages() {}

  /** Fields by their numbers; empty for what is no message here. */
  static Optional<Map<Integer, Field>> find(String message) {
    return Optional.ofNullable(Holder.MESSAGES.get(message));
  }

  private static Map<String, Map<Integer, Field>> load() {
    var stream = ProtobufMessages.class.getResourceAsStream(FILE);
    try (var reader =
        new BufferedReader(
            new InputStreamReader(Objects.requireNonNull(stream), StandardCharsets.UTF_8))) {
      var messages = new HashMap<String, Map<Integer, Field>>();
      reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" ", -1))
          .forEach(words -> messages.put(words[0], fields(words)));
      return messages;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<Integer, Field> fields(String[] words) {
    var fields = new HashMap<Integer, Field>();
    for (int i = 1; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      fields.put(
          Integer.parseInt(words[i].substring(0, equals)),
          Field.read(words[i].substring(equals + 1)));
    }
    return fields;
  }
}
