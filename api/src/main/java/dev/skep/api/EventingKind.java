package dev.skep.api;

import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The kinds of Knative Eventing, and what is done to an object that a client sends: unknown fields
 * are found, defaults filled in, the result validated with Knative's messages.
 */
public enum EventingKind implements ObjectRules {
  BROKER,
  TRIGGER,
  CHANNEL,
  SUBSCRIPTION,
  PING_SOURCE;

  /** Which implementation a Broker has; there is one. */
  public static final String BROKER_CLASS = "eventing.knative.dev/broker.class";

  /** The class of {@link #BROKER_CLASS} that Knative has by default, and that clients expect. */
  public static final String STANDARD_CLASS = "MTChannelBasedBroker";

  @Override
  public Schema.ObjectOf schema() {
    return switch (this) {
      case BROKER -> EventingSchemas.BROKER;
      case TRIGGER -> EventingSchemas.TRIGGER;
      case CHANNEL -> EventingSchemas.CHANNEL;
      case SUBSCRIPTION -> EventingSchemas.SUBSCRIPTION;
      case PING_SOURCE -> EventingSchemas.PING_SOURCE;
    };
  }

  @Override
  public Findings prune(ObjectNode object) {
    return SchemaCheck.findings(schema(), object);
  }

  @Override
  public void applyDefaults(ObjectNode object, Optional<ApiObject> old) {
    ObjectNode spec = object.withObject("spec");
    String namespace = new ApiObject(object).namespace();
    switch (this) {
      case BROKER -> {
        ObjectNode annotations = object.withObject("/metadata/annotations");
        if (!annotations.has(BROKER_CLASS)) {
          annotations.put(BROKER_CLASS, STANDARD_CLASS);
        }
        DeliverySpec.applyDefaults(spec);
      }
      case TRIGGER -> {
        putIfEmpty(spec, "broker", "default");
        object
            .withObject("/metadata/labels")
            .put("eventing.knative.dev/broker", spec.path("broker").asString(""));
      }
      case CHANNEL -> {
        ObjectNode template = spec.withObject("channelTemplate");
        putIfEmpty(template, "apiVersion", "messaging.knative.dev/v1");
        putIfEmpty(template, "kind", "InMemoryChannel");
      }
      case SUBSCRIPTION -> {}
      case PING_SOURCE -> putIfEmpty(spec, "schedule", "* * * * *");
    }
    for (String destination : new String[] {"subscriber", "reply", "sink"}) {
      EventDestination.applyDefaults(spec.path(destination), namespace);
    }
    EventDestination.applyDefaults(spec.path("delivery").path("deadLetterSink"), namespace);
  }

  private static void putIfEmpty(ObjectNode object, String field, String value) {
    if (object.path(field).asString("").isEmpty()) {
      object.put(field, value);
    }
  }

  @Override
  public void validate(ApiObject object, Optional<ApiObject> old) {
    var errors = new FieldErrors();
    MetadataValidation.check(object, errors);
    JsonNode spec = object.spec();
    DeliverySpec.check(spec.path("delivery"), "spec.delivery", errors);
    switch (this) {
      case BROKER -> EventingValidation.broker(object, errors);
      case TRIGGER -> EventingValidation.trigger(spec, old, errors);
      case CHANNEL -> EventingValidation.channel(spec, old, errors);
      case SUBSCRIPTION -> EventingValidation.subscription(spec, old, errors);
      case PING_SOURCE -> EventingValidation.pingSource(spec, errors);
    }
    if (!errors.isEmpty()) {
      throw new SkepException(SkepException.Code.INVALID, "validation failed: " + errors);
    }
  }
}
