package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.RevisionSpec;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An instance as clients of Kubernetes know it: a pod of the deployment that Knative makes of a
 * revision, with one container.
 *
 * @param unready by its readiness probe
 */
record InstancePod(
    InstanceView view,
    Revision.Identity revision,
    RevisionSpec spec,
    Instance.Pod pod,
    boolean unready) {
  /** Knative's name for it. */
  private static final String CONTAINER = "user-container";

  static InstancePod of(Instance instance, InstanceView view) {
    Revision revision = instance.revision;
    return new InstancePod(view, revision.identity, revision.spec, instance.pod, instance.unready);
  }

  String name() {
    return revision.key().name() + "-deployment-" + pod.id();
  }

  /** Without a version. */
  ApiObject object() {
    ObjectNode object = ApiJson.object().put("apiVersion", "v1").put("kind", "Pod");
    metadata(object.putObject("metadata"));
    ObjectNode container = object.putObject("spec").putArray("containers").addObject();
    container.put("name", CONTAINER).put("image", spec.image());
    container.putArray("ports").addObject().put("containerPort", spec.port());
    status(object.putObject("status"));
    return new ApiObject(object);
  }

  private void metadata(ObjectNode metadata) {
    metadata.put("name", name()).put("namespace", view.namespace());
    byte[] id = pod.id().getBytes(StandardCharsets.UTF_8);
    metadata.put("uid", UUID.nameUUIDFromBytes(id).toString());
    metadata.put("creationTimestamp", text(view.createdAt()));
    SandboxSpecs.podLabels(revision).forEach(metadata.putObject("labels")::put);
    spec.annotations().forEach(metadata.putObject("annotations")::put);
  }

  private void status(ObjectNode status) {
    boolean ready = view.state().equals("ready") && !unready;
    status.put("phase", view.readyAt().isPresent() ? "Running" : "Pending");
    view.address()
        .ifPresent(address -> status.put("podIP", address.substring(0, address.lastIndexOf(':'))));
    status.put("startTime", text(view.createdAt()));
    conditions(status.putArray("conditions"), ready);
    ObjectNode container = status.putArray("containerStatuses").addObject();
    container.put("name", CONTAINER).put("image", spec.image()).put("imageID", "");
    container.put("ready", ready).put("restartCount", pod.restarts());
    ObjectNode state = container.putObject("state");
    view.readyAt()
        .ifPresentOrElse(
            at -> state.putObject("running").put("startedAt", text(at)),
            () -> state.putObject("waiting").put("reason", "ContainerCreating"));
  }

  private static void conditions(ArrayNode conditions, boolean ready) {
    for (String type : List.of("ContainersReady", "Ready")) {
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
