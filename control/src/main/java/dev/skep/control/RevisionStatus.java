package dev.skep.control;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** What a Revision's status says, after Knative's {@code revision_lifecycle.go}; pure. */
final class RevisionStatus {
  /**
   * True from when its initial scale was ready: it says that the revision can run, not that it does
   * well.
   */
  static final String RESOURCES = "ResourcesAvailable";

  private static final String HEALTHY = "ContainerHealthy";

  /** Failures that are not its container's. */
  private static final Set<String> OF_RESOURCES =
      Set.of("Unschedulable", "ProgressDeadlineExceeded", "SandboxFailed", "BootTimeout");

  private RevisionStatus() {}

  /**
   * Without the times of its conditions.
   *
   * @param object as it is stored
   */
  static ObjectNode of(Revision revision, ApiObject object) {
    ObjectNode status = ApiJson.object();
    status.put("observedGeneration", 1);
    conditions(revision).writeTo(status);
    if (!revision.imageDigest.isEmpty()) {
      ObjectNode container = status.putArray("containerStatuses").addObject();
      container.put("imageDigest", pinned(revision.spec.image(), revision.imageDigest));
      container.put("name", object.spec().at("/containers/0/name").asString(""));
    }
    return status;
  }

  static ConditionSet conditions(Revision revision) {
    Condition ready = RevisionReport.of(revision);
    if (!ready.isFalse()) {
      return new ConditionSet().with(RESOURCES, ready).with(HEALTHY, ready);
    }
    if (revision.isReady()) {
      return new ConditionSet().with(RESOURCES, Condition.TRUE).with(HEALTHY, ready);
    }
    Condition other = Condition.unknown("Deploying", "");
    boolean ofResources = OF_RESOURCES.contains(ready.reason());
    return new ConditionSet()
        .with(RESOURCES, ofResources ? ready : other)
        .with(HEALTHY, ofResources ? other : ready);
  }

  /** A reference to exactly this image. */
  static String pinned(String reference, String digest) {
    String name = reference.substring(0, (reference + "@").indexOf('@'));
    int colon = name.lastIndexOf(':');
    return (colon > name.lastIndexOf('/') ? name.substring(0, colon) : name) + "@" + digest;
  }
}
