package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.ServiceTemplates;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Instances as clients of Kubernetes know them: pods of the deployment that Knative makes of a
 * revision, with one container; pure.
 */
final class InstancePods {
  /** Of a container without a name. */
  private static final String CONTAINER = "user-container";

  private InstancePods() {}

  static String name(Revision.Identity revision, Instance.Pod pod) {
    return revision.key().name() + "-deployment-" + pod.id();
  }

  /** Without a version. */
  static ApiObject of(
      InstanceView view, Revision.Identity revision, Instance.Pod pod, boolean unready) {
    boolean running = view.readyAt().isPresent();
    boolean ready = view.state().equals("ready") && !unready;
    ObjectNode object = ApiJson.object().put("apiVersion", "v1").put("kind", "Pod");
    metadata(object.putObject("metadata"), view, revision, pod);
    JsonNode container = revision.template().path("spec").path("containers").path(0);
    ObjectNode spec = object.putObject("spec");
    ObjectNode named = spec.putArray("containers").addObject().put("name", CONTAINER);
    container.properties().forEach(field -> named.set(field.getKey(), field.getValue()));
    ObjectNode status = object.putObject("status");
    status.put("phase", running ? "Running" : "Pending");
    view.address()
        .ifPresent(address -> status.put("podIP", address.substring(0, address.lastIndexOf(':'))));
    status.put("startTime", text(view.createdAt()));
    conditions(status.putArray("conditions"), ready);
    ObjectNode state = status.putArray("containerStatuses").addObject();
    state
        .put("name", named.path("name").asString())
        .put("image", container.path("image").asString(""));
    state.put("imageID", "").put("ready", ready).put("started", running);
    state.put("restartCount", pod.restarts());
    if (running) {
      view.readyAt()
          .ifPresent(
              at -> state.putObject("state").putObject("running").put("startedAt", text(at)));
    } else {
      state.putObject("state").putObject("waiting").put("reason", "ContainerCreating");
    }
    return new ApiObject(object);
  }

  private static void metadata(
      ObjectNode metadata, InstanceView view, Revision.Identity revision, Instance.Pod pod) {
    metadata.put("name", name(revision, pod)).put("namespace", view.namespace());
    byte[] id = pod.id().getBytes(StandardCharsets.UTF_8);
    metadata.put("uid", UUID.nameUUIDFromBytes(id).toString());
    metadata.put("creationTimestamp", text(view.createdAt()));
    ObjectNode labels = metadata.putObject("labels");
    SandboxSpecs.podLabels(revision).forEach(labels::put);
    ObjectNode annotations = metadata.putObject("annotations");
    ServiceTemplates.strings(revision.template().path("metadata").path("annotations"))
        .forEach(annotations::put);
  }

  private static void conditions(ArrayNode conditions, boolean ready) {
    for (String type : new String[] {"ContainersReady", "Ready"}) {
      ObjectNode condition = conditions.addObject().put("type", type);
      condition.put("status", ready ? "True" : "False");
      if (!ready) {
        condition.put("reason", "ContainersNotReady");
      }
    }
  }

  private static String text(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
