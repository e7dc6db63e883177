package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.ServiceTemplates;
import dev.skep.store.ResourceKind;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** From a Configuration's template to a Revision object, and from that to what runs; pure. */
final class RevisionObjects {
  /** Of what the reconcilers themselves write down; policies read the others. */
  private static final Set<String> OWN =
      Set.of(Keys.ROUTES, Keys.ROUTING_MODIFIED, Keys.CREATOR, "skep.dev/template");

  private RevisionObjects() {}

  /** The revision that a configuration asks for now. */
  static ApiObject make(ApiObject configuration, String name, Instant now) {
    JsonNode template = configuration.spec().path("template");
    ObjectNode object = ApiJson.object();
    ResourceKind kind = ResourceKind.REVISION;
    object.put("apiVersion", kind.apiVersion()).put("kind", kind.kind());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("namespace", configuration.namespace()).put("name", name);
    copy(template.path("metadata").path("labels"), metadata.putObject("labels"));
    copy(template.path("metadata").path("annotations"), metadata.putObject("annotations"));
    belong(metadata, configuration, configuration.generation());
    String creator = configuration.annotations().getOrDefault(Keys.LAST_MODIFIER, "");
    if (!creator.isEmpty()) {
      metadata.withObject("annotations").put(Keys.CREATOR, creator);
    }
    Routing.PENDING.writeTo(metadata, now);
    object.set("spec", template.path("spec").deepCopy());
    return new ApiObject(object);
  }

  /** Writes into a revision's metadata whose it is. */
  static void belong(ObjectNode metadata, ApiObject configuration, long generation) {
    ObjectNode labels = metadata.withObject("labels");
    labels
        .put(Keys.CONFIGURATION, configuration.name())
        .put(Keys.CONFIGURATION_UID, configuration.uid())
        .put(Keys.GENERATION, Long.toString(generation));
    for (String key : new String[] {Keys.SERVICE, Keys.SERVICE_UID}) {
      String value = configuration.labels().getOrDefault(key, "");
      if (!value.isEmpty()) {
        labels.put(key, value);
      }
    }
    Owners.set(metadata, ResourceKind.CONFIGURATION, configuration);
  }

  private static void copy(JsonNode strings, ObjectNode to) {
    strings
        .properties()
        .forEach(
            entry -> to.set(entry.getKey(), Objects.requireNonNull(entry.getValue()).deepCopy()));
  }

  static Revision.Identity identity(ApiObject object) {
    Map<String, String> labels = object.labels();
    return new Revision.Identity(
        new RevisionKey(object.namespace(), object.name()),
        object.uid(),
        labels.getOrDefault(Keys.SERVICE, ""),
        labels.getOrDefault(Keys.CONFIGURATION, ""),
        labels.getOrDefault(Keys.CONFIGURATION_UID, ""),
        labels.getOrDefault(Keys.SERVICE_UID, labels.getOrDefault(Keys.CONFIGURATION_UID, "")),
        number(labels.getOrDefault(Keys.GENERATION, "")),
        labels);
  }

  private static long number(String text) {
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
  }

  /**
   * The revision as it was when its status was last written; one that was not ready starts over.
   * Fails with INVALID where an annotation cannot be read.
   */
  static Revision read(ApiObject object, Scaling scaling, Instant now) {
    ObjectNode annotations = ApiJson.object();
    object
        .annotations()
        .forEach(
            (key, value) -> {
              if (!OWN.contains(key)) {
                annotations.put(key, value);
              }
            });
    var spec = ServiceTemplates.revision(annotations, object.spec());
    var revision = new Revision(identity(object), spec, scaling.scaler(spec), now);
    revision.routing = Routing.of(object);
    revision.gc = RevisionGc.Candidate.of(object, now);
    if (wasReady(object)) {
      revision.deployment = new Deployment.Ready();
    }
    revision.imageDigest = digest(object);
    return revision;
  }

  /** See {@link RevisionStatus}: resources stay available, whatever becomes of the instances. */
  private static boolean wasReady(ApiObject object) {
    return Stream.of("Ready", RevisionStatus.RESOURCES)
        .flatMap(type -> object.condition(type).stream())
        .anyMatch(condition -> condition.path("status").asString("").equals("True"));
  }

  private static String digest(ApiObject object) {
    String text =
        object.status().path("containerStatuses").path(0).path("imageDigest").asString("");
    return text.substring(text.indexOf('@') + 1);
  }
}
