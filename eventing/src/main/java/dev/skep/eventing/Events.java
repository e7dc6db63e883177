package dev.skep.eventing;

import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.types.Time;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What Knative has brokers do to events; pure. */
final class Events {
  /** Largest event that is taken, in bytes of its data. */
  static final int MAX_BYTES = 256 << 10;

  /** How many times an event may still go through a broker, as a reply to a reply and so on. */
  static final String TTL = "knativebrokerttl";

  static final int FIRST_TTL = 255;
  private static final int LONGEST_ERROR = 1024;

  private Events() {}

  /** All attributes that are there, extensions too, in their canonical text. */
  static Map<String, String> attributes(CloudEvent event) {
    var all = new TreeMap<String, String>();
    for (String name : event.getAttributeNames()) {
      put(all, name, event.getAttribute(name));
    }
    for (String name : event.getExtensionNames()) {
      put(all, name, event.getExtension(name));
    }
    return all;
  }

  private static void put(Map<String, String> all, String name, @Nullable Object value) {
    if (value != null) {
      all.put(name, text(value));
    }
  }

  static String text(Object value) {
    return switch (value) {
      case OffsetDateTime time -> Time.writeTime(time);
      case byte[] bytes -> Base64.getEncoder().encodeToString(bytes);
      default -> value.toString();
    };
  }

  /** As a broker takes it from outside: it has a count, and no greater one than any. */
  static CloudEvent arriving(CloudEvent event) {
    int ttl = ttl(event);
    return ttl > 0 && ttl <= FIRST_TTL ? event : withTtl(event, FIRST_TTL);
  }

  /** 0 where it has none. */
  static int ttl(CloudEvent event) {
    Object value = event.getExtension(TTL);
    if (value instanceof Integer number) {
      return number;
    }
    String text = Objects.toString(value, "");
    return text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : 0;
  }

  static CloudEvent withTtl(CloudEvent event, int ttl) {
    return CloudEventBuilder.from(event).withExtension(TTL, ttl).build();
  }

  /** As subscribers get it. */
  static CloudEvent leaving(CloudEvent event) {
    return CloudEventBuilder.from(event).withoutExtension(TTL).build();
  }

  /** As a dead letter sink gets it: with why it was not taken. */
  static CloudEvent undelivered(CloudEvent event, URI destination, Outcome.Failed why) {
    CloudEventBuilder letter =
        CloudEventBuilder.from(event)
            .withExtension("knativeerrordest", destination)
            .withExtension("knativeerrorcode", why.code());
    String data = printable(why.body());
    return data.isEmpty() ? letter.build() : letter.withExtension("knativeerrordata", data).build();
  }

  private static String printable(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    String start = text.length() > LONGEST_ERROR ? text.substring(0, LONGEST_ERROR) : text;
    return start.replaceAll("\\p{Cntrl}+", " ").strip();
  }
}
