package dev.skep.eventing;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.format.EventDeserializationException;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.rw.CloudEventRWException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** CloudEvents' HTTP binding, version 1.0: binary and structured in, binary out. */
final class HttpEvents {
  private static final String PREFIX = "ce-";

  private HttpEvents() {}

  /** Whether a message claims to be an event. */
  static boolean claims(Map<String, String> headers) {
    String type = headers.getOrDefault("content-type", "").toLowerCase(Locale.ROOT);
    return headers.containsKey("ce-specversion") || type.startsWith("application/cloudevents+");
  }

  /**
   * Reads a message.
   *
   * @param headers by lower-case name
   * @throws SkepException INVALID where it is no event of version 1.0
   */
  static CloudEvent read(Map<String, String> headers, byte[] body) {
    if (!claims(headers)) {
      throw noEvent(
          "content type \"%s\", no ce-specversion"
              .formatted(headers.getOrDefault("content-type", "")));
    }
    var decoded = new TreeMap<String, String>();
    headers.forEach(
        (name, value) -> decoded.put(name, name.startsWith(PREFIX) ? decode(value) : value));
    try {
      CloudEvent event = HttpMessageFactory.createReader(decoded, body).toEvent();
      if (event.getSpecVersion() != SpecVersion.V1) {
        throw noEvent("specversion " + event.getSpecVersion());
      }
      return event;
    } catch (CloudEventRWException
        | EventDeserializationException
        | IllegalArgumentException
        | IllegalStateException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw noEvent(String.valueOf(why.getMessage()));
    }
  }

  private static SkepException noEvent(String found) {
    return new SkepException(
        Code.INVALID,
        "no CloudEvent: %s (expected: one event of version 1.0, as headers ce-id, ce-source, ce-type, ce-specversion and a body, or as application/cloudevents+json)"
            .formatted(found));
  }

  /** Writes an event in binary mode. */
  static void write(CloudEvent event, BiConsumer<String, String> header, Consumer<byte[]> body) {
    HttpMessageFactory.createWriter(
            (name, value) -> header.accept(name, name.startsWith(PREFIX) ? encode(value) : value),
            body)
        .writeBinary(event);
  }

  /** Section 3.1.3.2: all but printable ASCII, space, quote and percent are encoded. */
  static String encode(String value) {
    var text = new StringBuilder();
    for (byte one : value.getBytes(StandardCharsets.UTF_8)) {
      if (one <= ' ' || one > '~' || one == '"' || one == '%') {
        text.append("%%%02X".formatted(one & 0xff));
      } else {
        text.append((char) one);
      }
    }
    return text.toString();
  }

  private static String decode(String value) {
    if (value.indexOf('%') < 0) {
      return value;
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * value.length());
    for (int i = 0; i < value.length(); i++) {
      int code = value.charAt(i) == '%' ? hex(value, i + 1) : -1;
      if (code < 0) {
        bytes.put(value.substring(i, i + 1).getBytes(StandardCharsets.UTF_8));
      } else {
        bytes.put((byte) code);
        i += 2;
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      throw noEvent("\"%s\" is no percent-encoded UTF-8".formatted(value));
    }
  }

  private static int hex(String text, int at) {
    if (at + 2 > text.length()) {
      return -1;
    }
    int high = Character.digit(text.charAt(at), 16);
    int low = Character.digit(text.charAt(at + 1), 16);
    return high < 0 || low < 0 ? -1 : 16 * high + low;
  }
}
