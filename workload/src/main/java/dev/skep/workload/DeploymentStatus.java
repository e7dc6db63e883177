package dev.skep.workload;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.DeploymentSpec;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How a Deployment stands, in the words of Kubernetes; pure. */
final class DeploymentStatus {
  private DeploymentStatus() {}

  /**
   * Without the times of its conditions.
   *
   * @param late whether its deadline has passed without progress
   */
  static ObjectNode of(
      ApiObject deployment, DeploymentSpec spec, String hash, List<Pod> all, boolean late) {
    List<Pod> pods = all.stream().filter(pod -> pod.state != Pod.State.ENDING).toList();
    int updated = (int) pods.stream().filter(pod -> pod.hash.equals(hash)).count();
    int ready = (int) pods.stream().filter(DeploymentStatus::isReady).count();
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", deployment.generation());
    count(status, "replicas", pods.size());
    count(status, "updatedReplicas", updated);
    count(status, "readyReplicas", ready);
    count(status, "availableReplicas", ready);
    count(status, "unavailableReplicas", Math.max(0, spec.replicas() - ready));
    boolean available = ready >= spec.replicas() - (spec.recreate() ? 0 : spec.maxUnavailable());
    boolean complete = isComplete(spec, hash, all);
    ArrayNode conditions = status.putArray("conditions");
    available(conditions, available, complaints(pods));
    progressing(conditions, complete, late, deployment.name() + "-" + hash);
    return status;
  }

  /** Whether all is as the template says. */
  static boolean isComplete(DeploymentSpec spec, String hash, List<Pod> pods) {
    return pods.size() == spec.replicas()
        && pods.stream().allMatch(pod -> pod.hash.equals(hash) && isReady(pod));
  }

  static boolean isReady(Pod pod) {
    return pod.ready && pod.state == Pod.State.RUNNING;
  }

  private static String complaints(List<Pod> pods) {
    return pods.stream()
        .flatMap(pod -> pod.complaints().stream())
        .collect(Collectors.joining("\n"));
  }

  /** As in Kubernetes, what is 0 is left out. */
  private static void count(ObjectNode status, String field, int number) {
    if (number > 0) {
      status.put(field, number);
    }
  }

  private static void available(ArrayNode conditions, boolean available, String complaints) {
    ObjectNode condition = conditions.addObject().put("type", "Available");
    condition.put("status", available ? "True" : "False");
    condition.put("reason", available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable");
    String has = available ? "has" : "does not have";
    String message = "Deployment " + has + " minimum availability.";
    condition.put("message", complaints.isEmpty() ? message : message + "\n" + complaints);
  }

  private static void progressing(
      ArrayNode conditions, boolean complete, boolean late, String set) {
    ObjectNode condition = conditions.addObject().put("type", "Progressing");
    condition.put("status", late && !complete ? "False" : "True");
    if (complete) {
      condition.put("reason", "NewReplicaSetAvailable");
      condition.put("message", "ReplicaSet \"%s\" has successfully progressed.".formatted(set));
    } else if (late) {
      condition.put("reason", "ProgressDeadlineExceeded");
      condition.put("message", "ReplicaSet \"%s\" has timed out progressing.".formatted(set));
    } else {
      condition.put("reason", "ReplicaSetUpdated");
      condition.put("message", "ReplicaSet \"%s\" is progressing.".formatted(set));
    }
  }
}
