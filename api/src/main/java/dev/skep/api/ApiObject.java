package dev.skep.api;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One Kubernetes-style object as a JSON tree. The tree belongs to this value: take {@link #copy} to
 * change it.
 *
 * <p>A tree and not records, because clients send fields that we do not know yet and expect them
 * back.
 */
public record ApiObject(ObjectNode json) {
  public String apiVersion() {
    return text("apiVersion");
  }

  public String kind() {
    return text("kind");
  }

  public String namespace() {
    return metadataText("namespace");
  }

  public String name() {
    return metadataText("name");
  }

  public String uid() {
    return metadataText("uid");
  }

  /** The store's global version of the last write; 0 before the first. */
  public long resourceVersion() {
    String version = metadataText("resourceVersion");
    return version.isEmpty() ? 0 : Long.parseLong(version);
  }

  /** Counts changes of the spec, from 1. */
  public long generation() {
    return json.path("metadata").path("generation").asLong(0);
  }

  public Map<String, String> labels() {
    return strings("labels");
  }

  public Map<String, String> annotations() {
    return strings("annotations");
  }

  public JsonNode spec() {
    return json.path("spec");
  }

  public JsonNode status() {
    return json.path("status");
  }

  /** Whether it belongs to no other object. */
  public boolean hasNoOwner() {
    return json.path("metadata").path("ownerReferences").isEmpty();
  }

  /** Whether it was deleted, and stays only until others have finished with it. */
  public boolean isEnding() {
    return json.path("metadata").has("deletionTimestamp");
  }

  /** The condition of that type, where the object has one. */
  public Optional<JsonNode> condition(String type) {
    for (JsonNode condition : status().path("conditions")) {
      if (condition.path("type").asString("").equals(type)) {
        return Optional.of(condition);
      }
    }
    return Optional.empty();
  }

  /** A tree of its own, free to change. */
  public ObjectNode copy() {
    return json.deepCopy();
  }

  private String text(String field) {
    return json.path(field).asString("");
  }

  private String metadataText(String field) {
    return json.path("metadata").path(field).asString("");
  }

  private Map<String, String> strings(String field) {
    var strings = new TreeMap<String, String>();
    json.path("metadata")
        .path(field)
        .properties()
        .forEach(
            entry ->
                strings.put(entry.getKey(), Objects.requireNonNull(entry.getValue()).asString("")));
    return strings;
  }
}
