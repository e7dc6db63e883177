package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.ServiceTemplates;
import dev.skep.store.ResourceKind;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Revisions as objects of the store: what has to outlive the daemon; pure. */
final class StoredRevisions {
  static final ResourceKind KIND =
      new ResourceKind("serving.knative.dev", "v1", "revisions", "Revision");

  private static final String SERVICE = "serving.knative.dev/service";
  private static final String SERVICE_UID = "serving.knative.dev/serviceUID";
  private static final String NUMBER = "serving.knative.dev/configurationGeneration";
  private static final String TEMPLATE = "skep.dev/template";
  private static final JsonMapper JSON = JsonMapper.shared();

  private StoredRevisions() {}

  static ApiObject object(Revision.Identity revision) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    object.put("apiVersion", KIND.apiVersion()).put("kind", KIND.kind());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("namespace", revision.key().namespace()).put("name", revision.key().name());
    metadata
        .putObject("labels")
        .put(SERVICE, revision.service())
        .put(SERVICE_UID, revision.serviceUid())
        .put("serving.knative.dev/configuration", revision.service())
        .put(NUMBER, Long.toString(revision.number()));
    ObjectNode annotations = metadata.putObject("annotations");
    revision
        .template()
        .path("metadata")
        .path("annotations")
        .properties()
        .forEach(entry -> annotations.set(entry.getKey(), entry.getValue()));
    annotations.put(TEMPLATE, JSON.writeValueAsString(revision.template()));
    object.set("spec", revision.template().path("spec").deepCopy());
    return new ApiObject(object);
  }

  static ObjectNode status(Revision revision) {
    RevisionReport report = RevisionReport.of(revision);
    ObjectNode status = JsonNodeFactory.instance.objectNode();
    status.put("observedGeneration", 1);
    ObjectNode ready = status.putArray("conditions").addObject();
    ready.put("type", "Ready").put("status", revision.isReady() ? "True" : report.status());
    if (!report.reason().isEmpty()) {
      ready.put("reason", report.reason()).put("message", report.message());
    }
    if (!revision.imageDigest.isEmpty()) {
      status.putArray("containerStatuses").addObject().put("imageDigest", revision.imageDigest);
    }
    return status;
  }

  /**
   * The revision as it was when its status was last written; one that was not ready starts over.
   */
  static Revision read(ApiObject object, Scaling scaling, Instant now) {
    JsonNode template = JSON.readTree(object.annotations().getOrDefault(TEMPLATE, "{}"));
    var identity =
        new Revision.Identity(
            new RevisionKey(object.namespace(), object.name()),
            object.labels().getOrDefault(SERVICE, ""),
            object.labels().getOrDefault(SERVICE_UID, ""),
            Long.parseLong(object.labels().getOrDefault(NUMBER, "1")),
            template);
    var spec =
        ServiceTemplates.revision(
            template.path("metadata").path("annotations"), template.path("spec"));
    var revision = new Revision(identity, spec, scaling.scaler(spec), now);
    if (wasReady(object)) {
      revision.deployment = new Deployment.Ready();
    }
    revision.imageDigest =
        object.status().path("containerStatuses").path(0).path("imageDigest").asString("");
    return revision;
  }

  private static boolean wasReady(ApiObject object) {
    return object
        .condition("Ready")
        .filter(condition -> condition.path("status").asString("").equals("True"))
        .isPresent();
  }
}
