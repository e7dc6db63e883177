package dev.skep.eventing;

import dev.skep.api.ApiJson;
import dev.skep.api.SkepException;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.data.BytesCloudEventData;
import io.cloudevents.core.format.EventDeserializationException;
import io.cloudevents.core.format.EventFormat;
import io.cloudevents.rw.CloudEventDataMapper;
import io.cloudevents.rw.CloudEventRWException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * CloudEvents' JSON event format, version 1.0, for the SDK, which finds it as a service. Written
 * with the Jackson that the project has; the SDK's own would bring another. Data is always written
 * as {@code data_base64}, so that it comes back byte for byte.
 */
public final class JsonEvents implements EventFormat {
  static final String CONTENT_TYPE = "application/cloudevents+json";

  private static final Set<String> DATA = Set.of("specversion", "data", "data_base64");

  @Override
  public byte[] serialize(CloudEvent event) {
    ObjectNode json = ApiJson.object();
    json.put("specversion", event.getSpecVersion().toString());
    for (String name : event.getAttributeNames()) {
      Object value = event.getAttribute(name);
      if (value != null) {
        json.put(name, Events.text(value));
      }
    }
    for (String name : event.getExtensionNames()) {
      switch (event.getExtension(name)) {
        case null -> {}
        case Boolean value -> json.put(name, value);
        case Integer value -> json.put(name, value);
        case Object value -> json.put(name, Events.text(value));
      }
    }
    CloudEventData data = event.getData();
    if (data != null) {
      json.put("data_base64", Base64.getEncoder().encodeToString(data.toBytes()));
    }
    return ApiJson.bytes(json);
  }

  @Override
  public CloudEvent deserialize(
      byte[] bytes, CloudEventDataMapper<? extends CloudEventData> mapper) {
    try {
      ObjectNode json = ApiJson.parse(bytes);
      CloudEventBuilder event = builder(json.path("specversion").asString(""));
      for (Map.Entry<String, JsonNode> field : json.properties()) {
        if (!DATA.contains(field.getKey())) {
          attribute(event, field.getKey(), Objects.requireNonNull(field.getValue()));
        }
      }
      byte[] data = data(json);
      return data == null ? event.build() : event.end(mapper.map(BytesCloudEventData.wrap(data)));
    } catch (SkepException | IllegalArgumentException | IllegalStateException e) {
      throw new EventDeserializationException(e);
    }
  }

  private static CloudEventBuilder builder(String version) {
    if (!version.equals(SpecVersion.V1.toString())) {
      throw new IllegalArgumentException("specversion: \"%s\" (expected: 1.0)".formatted(version));
    }
    return CloudEventBuilder.v1();
  }

  private static void attribute(CloudEventBuilder event, String name, JsonNode value)
      throws CloudEventRWException {
    if (value.isString()) {
      event.withContextAttribute(name, value.asString());
    } else if (value.isBoolean()) {
      event.withContextAttribute(name, Boolean.valueOf(value.asBoolean()));
    } else if (value.isIntegralNumber() && value.canConvertToInt()) {
      event.withContextAttribute(name, Integer.valueOf(value.asInt()));
    } else if (!value.isNull()) {
      throw new IllegalArgumentException(
          "%s: %s (expected: a string, true, false or a 32 bit integer)"
              .formatted(name, value.getNodeType()));
    }
  }

  private static byte @org.jspecify.annotations.Nullable [] data(ObjectNode json) {
    if (json.has("data_base64")) {
      return Base64.getDecoder().decode(json.path("data_base64").asString(""));
    }
    JsonNode data = json.path("data");
    if (data.isMissingNode()) {
      return null;
    }
    return data.isString() && !isJson(json.path("datacontenttype").asString(""))
        ? data.asString().getBytes(StandardCharsets.UTF_8)
        : ApiJson.bytes(data);
  }

  /** No type means JSON (section 3.1 of the format). */
  private static boolean isJson(String type) {
    String media = type.split(";", 2)[0].strip();
    return media.isEmpty() || media.endsWith("/json") || media.endsWith("+json");
  }

  @Override
  public Set<String> deserializableContentTypes() {
    return Set.of(CONTENT_TYPE);
  }

  @Override
  public String serializedContentType() {
    return CONTENT_TYPE;
  }
}
