package dev.skep.workload;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Pods as objects of the store: what has to outlive the daemon, and what clients see; pure. */
final class PodObjects {
  private static final String HASH = "pod-template-hash";
  private static final int HASH_LENGTH = 10;
  private static final int LONGEST_PREFIX = 63 - HASH_LENGTH - 7;

  private PodObjects() {}

  /** Tells templates apart. */
  static String hash(JsonNode template) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(template.toString().getBytes(StandardCharsets.UTF_8));
      return new BigInteger(1, digest).toString(16).substring(0, HASH_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  /**
   * A pod of the Deployment's template.
   *
   * @param suffix five characters that no other pod of it has
   */
  static ApiObject of(ApiObject deployment, String hash, String suffix) {
    JsonNode template = deployment.spec().path("template");
    ObjectNode pod = ApiJson.object();
    pod.put("apiVersion", "v1").put("kind", "Pod");
    ObjectNode metadata = pod.putObject("metadata");
    String owner = deployment.name();
    String prefix = owner.substring(0, Math.min(LONGEST_PREFIX, owner.length()));
    metadata.put("namespace", deployment.namespace());
    metadata.put("name", prefix + "-" + hash + "-" + suffix);
    ObjectNode labels = metadata.putObject("labels");
    template
        .path("metadata")
        .path("labels")
        .properties()
        .forEach(label -> labels.set(label.getKey(), label.getValue()));
    labels.put(HASH, hash);
    JsonNode annotations = template.path("metadata").path("annotations");
    if (!annotations.isMissingNode()) {
      metadata.set("annotations", annotations.deepCopy());
    }
    metadata
        .putArray("ownerReferences")
        .addObject()
        .put("apiVersion", deployment.apiVersion())
        .put("kind", deployment.kind())
        .put("name", owner)
        .put("uid", deployment.uid())
        .put("controller", true)
        .put("blockOwnerDeletion", true);
    pod.set("spec", template.path("spec").deepCopy());
    return new ApiObject(pod);
  }

  /** From the store, as an earlier daemon or {@link #of} has left it. */
  static Pod read(ApiObject object) {
    JsonNode owner = object.json().path("metadata").path("ownerReferences").path(0);
    var pod =
        new Pod(object, owner.path("uid").asString(""), object.labels().getOrDefault(HASH, ""));
    JsonNode container = object.status().path("containerStatuses").path(0);
    pod.restarts = container.path("restartCount").asInt(0);
    pod.ready = container.path("ready").asBoolean(false);
    return pod;
  }

  /** Without the times of its conditions. */
  static ObjectNode status(Pod pod) {
    ObjectNode status = ApiJson.object();
    boolean begun = pod.state == Pod.State.RUNNING || pod.restarts > 0;
    status.put("phase", begun ? "Running" : "Pending");
    if (pod.state == Pod.State.ENDING) {
      status.put("reason", "Terminating");
    }
    pod.address().ifPresent(address -> status.put("podIP", address.getHostAddress()));
    boolean ready = pod.ready && pod.state == Pod.State.RUNNING;
    ObjectNode condition = status.putArray("conditions").addObject();
    condition.put("type", "Ready").put("status", ready ? "True" : "False");
    if (!ready) {
      condition.put("reason", "ContainersNotReady");
    }
    status.putArray("containerStatuses").add(container(pod, ready));
    return status;
  }

  private static ObjectNode container(Pod pod, boolean ready) {
    ObjectNode container = ApiJson.object();
    container.put("image", pod.template.image());
    container.put("ready", ready).put("restartCount", pod.restarts);
    ObjectNode state = container.putObject("state");
    if (pod.state == Pod.State.RUNNING) {
      state.putObject("running").put("startedAt", text(pod.startedAt));
    } else {
      ObjectNode waiting = state.putObject("waiting").put("reason", pod.waiting.reason());
      if (!pod.waiting.message().isEmpty()) {
        waiting.put("message", pod.waiting.message());
      }
    }
    Optional<Pod.Ending> last = pod.last;
    if (last.isPresent()) {
      ObjectNode ended = container.putObject("lastState").putObject("terminated");
      last.get().exitCode().ifPresent(code -> ended.put("exitCode", code));
      ended.put("reason", last.get().reason()).put("message", last.get().message());
      ended.put("finishedAt", text(last.get().at()));
    }
    return container;
  }

  private static String text(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
