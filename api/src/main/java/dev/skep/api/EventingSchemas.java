package dev.skep.api;

import static dev.skep.api.KnativeSchemas.ofKind;
import static dev.skep.api.Schema.Scalar.ANYTHING;
import static dev.skep.api.Schema.Scalar.INTEGER;
import static dev.skep.api.Schema.Scalar.STRING;
import static dev.skep.api.Schema.list;
import static dev.skep.api.Schema.map;
import static dev.skep.api.Schema.object;
import static dev.skep.api.Schema.openObject;

/** The shapes of Knative Eventing's kinds, as far as they are served. */
final class EventingSchemas {
  private static final Schema.ObjectOf REFERENCE =
      object()
          .with("apiVersion", STRING)
          .with("kind", STRING)
          .with("namespace", STRING)
          .with("name", STRING)
          .refusing("group", "address");

  private static final Schema.ObjectOf DESTINATION =
      object().with("ref", REFERENCE).with("uri", STRING).refusing("CACerts", "audience");

  private static final Schema.ObjectOf DELIVERY =
      object()
          .with("deadLetterSink", DESTINATION)
          .with("retry", INTEGER)
          .with("timeout", STRING)
          .with("backoffPolicy", STRING)
          .with("backoffDelay", STRING)
          .ignoring(STRING, "retryAfterMax", "format");

  static final Schema.ObjectOf BROKER =
      kind(object().with("delivery", DELIVERY).ignoring(openObject(), "config"));

  /** Filters may have filters in them: {@link EventFilter} looks at them. */
  static final Schema.ObjectOf TRIGGER =
      kind(
          object()
              .with("broker", STRING)
              .with("filter", object().with("attributes", map(STRING)))
              .with("filters", list(openObject()))
              .with("subscriber", DESTINATION)
              .with("delivery", DELIVERY)
              .refusing("brokerRef"));

  static final Schema.ObjectOf CHANNEL =
      kind(
          object()
              .with(
                  "channelTemplate",
                  object()
                      .with("apiVersion", STRING)
                      .with("kind", STRING)
                      .ignoring(openObject(), "spec"))
              .with("delivery", DELIVERY)
              .refusing("subscribers"));

  static final Schema.ObjectOf SUBSCRIPTION =
      kind(
          object()
              .with("channel", REFERENCE)
              .with("subscriber", DESTINATION)
              .with("reply", DESTINATION)
              .with("delivery", DELIVERY));

  static final Schema.ObjectOf PING_SOURCE =
      kind(
          object()
              .with("schedule", STRING)
              .with("timezone", STRING)
              .with("contentType", STRING)
              .with("data", STRING)
              .with("dataBase64", STRING)
              .with("sink", DESTINATION)
              .with("ceOverrides", object().with("extensions", map(STRING))));

  private EventingSchemas() {}

  private static Schema.ObjectOf kind(Schema.ObjectOf spec) {
    return ofKind().with("spec", spec).with("status", ANYTHING);
  }
}
