package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.Findings;
import dev.skep.store.ResourceKind;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.databind.node.ObjectNode;

/** Turns what a client sent into what may be stored: checked against its URL, pruned, defaulted. */
final class Incoming {
  private static final List<String> DELETION =
      List.of("deletionTimestamp", "deletionGracePeriodSeconds");
  private static final String CREATOR = "serving.knative.dev/creator";
  private static final String LAST_MODIFIER = "serving.knative.dev/lastModifier";
  private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
  private static final int SUFFIX_LENGTH = 5;
  private static final int LONGEST_NAME = 63;

  private final ServedKind served;
  private final Exchange exchange;

  Incoming(ServedKind served, Exchange exchange) {
    this.served = served;
    this.exchange = exchange;
  }

  /** For a new object. */
  ApiObject created(ObjectNode object, String namespace) {
    prune(object);
    checkNamespace(object, namespace);
    ObjectNode metadata = object.withObject("metadata");
    DELETION.forEach(metadata::remove);
    String prefix = metadata.path("generateName").asString("");
    if (metadata.path("name").asString("").isEmpty() && !prefix.isEmpty()) {
      metadata.put("name", generated(prefix));
    }
    served.admission().applyDefaults(object, Optional.empty());
    if (tellsWriters(object)) {
      ObjectNode annotations = object.withObject("/metadata/annotations");
      annotations.put(CREATOR, exchange.user().name());
      annotations.put(LAST_MODIFIER, exchange.user().name());
    }
    var admitted = new ApiObject(object);
    served.admission().validate(admitted, Optional.empty());
    return admitted;
  }

  /** For the next state of {@code old}. */
  ApiObject replacing(ObjectNode object, ApiObject old) {
    prune(object);
    checkNamespace(object, old.namespace());
    ObjectNode metadata = object.withObject("metadata");
    checkVersion(metadata);
    checkName(metadata, old.name());
    for (String field : DELETION) {
      metadata.remove(field);
      old.json().path("metadata").optional(field).ifPresent(value -> metadata.set(field, value));
    }
    served.admission().applyDefaults(object, Optional.of(old));
    if (tellsWriters(object)) {
      stampModifier(object, old);
    }
    var admitted = new ApiObject(object);
    served.admission().validate(admitted, Optional.of(old));
    return admitted;
  }

  /** Those that belong to another object have what is said there. */
  private boolean tellsWriters(ObjectNode object) {
    return served.kind().group().equals(ResourceKind.KNATIVE_SERVICE.group())
        && !served.kind().equals(ResourceKind.REVISION)
        && new ApiObject(object).hasNoOwner();
  }

  private void stampModifier(ObjectNode object, ApiObject old) {
    String user = exchange.user().name();
    ObjectNode annotations = object.withObject("/metadata/annotations");
    if (!annotations.has(CREATOR)) {
      annotations.put(CREATOR, old.annotations().getOrDefault(CREATOR, user));
    }
    if (!object.path("spec").equals(old.spec())) {
      annotations.put(LAST_MODIFIER, user);
    } else if (!annotations.has(LAST_MODIFIER)) {
      annotations.put(LAST_MODIFIER, old.annotations().getOrDefault(LAST_MODIFIER, user));
    }
  }

  /** What a client applies, for the object of that path; what it does not have is not there. */
  ObjectNode applied(ObjectNode config, ResourcePath path) {
    prune(config);
    checkNamespace(config, path.namespace().orElse(""));
    checkName(config.withObject("metadata"), path.name().orElse(""));
    return config;
  }

  private static void checkName(ObjectNode metadata, String expected) {
    String name = metadata.path("name").asString(expected);
    if (!name.equals(expected)) {
      throw ApiFailure.badRequest(
          "the name of the object (%s) does not match the name on the URL (%s)"
              .formatted(name, expected));
    }
    metadata.put("name", name);
  }

  private static void checkVersion(ObjectNode metadata) {
    String version = metadata.path("resourceVersion").asString("");
    if (!version.matches("[0-9]{0,18}")) {
      throw ApiFailure.badRequest(
          "metadata.resourceVersion: Invalid value: \"%s\" (expected: as the server gave it)"
              .formatted(version));
    }
  }

  private void checkNamespace(ObjectNode object, String namespace) {
    ObjectNode metadata = object.withObject("metadata");
    String given = metadata.path("namespace").asString("");
    if (!given.isEmpty() && !given.equals(namespace)) {
      throw ApiFailure.badRequest(
          "the namespace of the provided object does not match the namespace sent on the request:"
              + " %s and %s".formatted(given, namespace));
    }
    if (served.kind().namespaced()) {
      metadata.put("namespace", namespace);
    } else {
      metadata.remove("namespace");
    }
  }

  private static void check(ObjectNode object, String field, String expected) {
    String found = object.path(field).asString("");
    if (!found.isEmpty() && !found.equals(expected)) {
      throw ApiFailure.badRequest(
          "%s in the data (%s) does not match the expected one (%s)"
              .formatted(field, found, expected));
    }
    object.put(field, expected);
  }

  private void prune(ObjectNode object) {
    check(object, "apiVersion", served.kind().apiVersion());
    check(object, "kind", served.kind().kind());
    Findings findings = served.admission().prune(object);
    if (!findings.unknown().isEmpty()) {
      unknown(findings.unknown());
    }
    for (String path : findings.withoutEffect()) {
      exchange.warn(path + " is accepted but has no effect here");
    }
  }

  private void unknown(List<String> fields) {
    String wanted = exchange.query("fieldValidation").orElse("Warn");
    switch (wanted) {
      case "Strict" ->
          throw ApiFailure.badRequest(
              "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s"
                  .formatted(
                      served.kind().kind(),
                      served.kind().version(),
                      served.kind().kind(),
                      String.join(", ", fields)));
      case "Ignore" -> {}
      case "Warn" -> fields.forEach(exchange::warn);
      default ->
          throw ApiFailure.badRequest(
              "query parameter fieldValidation: \"%s\" (expected: Strict, Warn or Ignore)"
                  .formatted(wanted));
    }
  }

  private static String generated(String prefix) {
    int room = LONGEST_NAME - SUFFIX_LENGTH;
    var name = new StringBuilder(prefix.length() > room ? prefix.substring(0, room) : prefix);
    for (int i = 0; i < SUFFIX_LENGTH; i++) {
      int letter = ThreadLocalRandom.current().nextInt(SUFFIX_LETTERS.length());
      name.append(SUFFIX_LETTERS.charAt(letter));
    }
    return name.toString();
  }
}
