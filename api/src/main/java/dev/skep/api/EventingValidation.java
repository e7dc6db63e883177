package dev.skep.api;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What may be in the specs of eventing's kinds, in the words of Knative's webhook. */
final class EventingValidation {
  /** Of a PingSource, in characters; an event must fit into the queue. */
  private static final int LONGEST_DATA = 128 << 10;

  private EventingValidation() {}

  static void broker(ApiObject broker, FieldErrors errors) {
    String found = broker.annotations().getOrDefault(EventingKind.BROKER_CLASS, "");
    if (!found.equals(EventingKind.STANDARD_CLASS)) {
      errors.invalid(
          found,
          "metadata.annotations." + EventingKind.BROKER_CLASS,
          "expected " + EventingKind.STANDARD_CLASS);
    }
  }

  static void trigger(JsonNode spec, Optional<ApiObject> old, FieldErrors errors) {
    EventFilterValidation.check(spec, errors);
    EventDestination.check(spec.path("subscriber"), "spec.subscriber", errors);
    immutable(spec, "broker", old, errors);
  }

  static void channel(JsonNode spec, Optional<ApiObject> old, FieldErrors errors) {
    JsonNode template = spec.path("channelTemplate");
    if (!template.path("kind").asString("").equals("InMemoryChannel")) {
      errors.invalid(
          template.path("kind").asString(""),
          "spec.channelTemplate.kind",
          "expected InMemoryChannel");
    }
    immutable(spec, "channelTemplate", old, errors);
  }

  static void subscription(JsonNode spec, Optional<ApiObject> old, FieldErrors errors) {
    JsonNode channel = spec.path("channel");
    if (channel.isEmpty()) {
      errors.missing("spec.channel");
    } else {
      EventDestination.reference(channel, "spec.channel", errors);
      channel(channel, errors);
    }
    if (!spec.has("subscriber") && !spec.has("reply")) {
      errors.missing("spec.reply");
      errors.missing("spec.subscriber");
    }
    for (String field : new String[] {"subscriber", "reply"}) {
      if (spec.has(field)) {
        EventDestination.check(spec.path(field), "spec." + field, errors);
      }
    }
    immutable(spec, "channel", old, errors);
  }

  private static void channel(JsonNode channel, FieldErrors errors) {
    String kind = channel.path("kind").asString("");
    if (!kind.isEmpty() && !kind.equals("Channel")) {
      errors.invalid(kind, "spec.channel.kind", "expected Channel");
    }
    if (channel.has("namespace")) {
      errors.disallowed("spec.channel.namespace", "only name, apiVersion and kind are supported");
    }
  }

  /** What CloudEvents 1.0 defines. */
  private static final Set<String> ATTRIBUTES =
      Set.of(
          "id",
          "source",
          "specversion",
          "type",
          "datacontenttype",
          "dataschema",
          "subject",
          "time",
          "data",
          "data_base64");

  static void pingSource(JsonNode spec, FieldErrors errors) {
    String schedule = spec.path("schedule").asString("");
    try {
      CronSchedule.parse(schedule);
    } catch (IllegalArgumentException e) {
      errors.invalid(schedule, "spec.schedule", String.valueOf(e.getMessage()));
    }
    String zone = spec.path("timezone").asString("");
    try {
      if (!zone.isEmpty()) {
        ZoneId.of(zone);
      }
    } catch (DateTimeException e) {
      errors.invalid(zone, "spec.timezone", "expected a name such as Europe/Berlin");
    }
    data(spec, errors);
    for (String name : spec.path("ceOverrides").path("extensions").propertyNames()) {
      if (ATTRIBUTES.contains(name)) {
        errors.invalidKey(
            name,
            "spec.ceOverrides.extensions",
            "it is an attribute of the event itself (expected: the name of an extension)");
      } else if (!name.matches("[a-z0-9]{1,20}")) {
        errors.invalidKey(
            name,
            "spec.ceOverrides.extensions",
            "keys MUST consist of lower-case letters ('a' to 'z') or digits ('0' to '9'), at most 20");
      }
    }
    EventDestination.check(spec.path("sink"), "spec.sink", errors);
  }

  private static void data(JsonNode spec, FieldErrors errors) {
    String data = spec.path("data").asString("");
    String base64 = spec.path("dataBase64").asString("");
    if (!data.isEmpty() && !base64.isEmpty()) {
      errors.exactlyOne("both", java.util.List.of("spec.data", "spec.dataBase64"));
    }
    if (data.length() > LONGEST_DATA || base64.length() > LONGEST_DATA) {
      errors.add(
          "the data is too long", "expected at most %d characters".formatted(LONGEST_DATA), "spec");
      return;
    }
    try {
      Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      errors.invalid(base64, "spec.dataBase64", String.valueOf(e.getMessage()));
    }
    if (!data.isEmpty() && spec.path("contentType").asString("").equals("application/json")) {
      try {
        ApiJson.mapper().readTree(data);
      } catch (JacksonException e) {
        errors.invalid(data, "spec.data", e.getOriginalMessage());
      }
    }
  }

  private static void immutable(
      JsonNode spec, String field, Optional<ApiObject> old, FieldErrors errors) {
    old.map(before -> before.spec().path(field))
        .filter(before -> !before.equals(spec.path(field)))
        .ifPresent(
            before ->
                errors.add(
                    "Immutable fields changed (-old +new)",
                    "-: %s\n+: %s".formatted(before, spec.path(field)),
                    "spec",
                    field));
  }
}
