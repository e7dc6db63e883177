package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.GoDuration;
import dev.skep.api.RevisionKey;
import dev.skep.store.ResourceKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What Knative makes of a Revision beside its pods, as it would look: nobody reads these but
 * clients; pure. Names, labels and owners are those of {@code pkg/reconciler/revision/resources}
 * and {@code pkg/reconciler/autoscaling/resources}.
 */
public final class RevisionViews {
  private static final String ACTIVE = "Active";
  private static final String WINDOW = "autoscaling.knative.dev/window";
  private static final Duration STABLE_WINDOW = Duration.ofSeconds(60);

  /** The panic window is a tenth of the stable one. */
  private static final int PANIC = 10;

  private static final Condition ACTIVATOR =
      new Condition("True", "ActivatorEndpointsPopulated", "Revision is backed by Activator");

  private RevisionViews() {}

  public static RevisionKey key(ApiObject revision) {
    return new RevisionKey(revision.namespace(), revision.name());
  }

  /** Adds to a Revision what the control plane knows of its scale. */
  public static void addScale(ObjectNode revision, ScalingView scale) {
    if (!(revision.get("status") instanceof ObjectNode status)) {
      return; // nobody has looked at it yet
    }
    status.put("actualReplicas", scale.ready()).put("desiredReplicas", scale.desired());
    JsonNode stored = status.path("conditions");
    ArrayNode conditions = status.putArray("conditions"); // sorted: ours is the first
    ShownObjects.condition(status, ACTIVE, scale.activity(), scale.changedAt())
        .put("severity", "Info");
    for (JsonNode condition : stored) {
      if (!condition.path("type").asString("").equals(ACTIVE)) {
        conditions.add(condition);
      }
    }
  }

  public static ApiObject podAutoscaler(ApiObject revision, Optional<ScalingView> scale) {
    ObjectNode object = following(revision, ResourceKind.POD_AUTOSCALER, revision.name());
    ObjectNode spec = object.putObject("spec");
    spec.put("containerConcurrency", revision.spec().path("containerConcurrency").asInt(0));
    spec.put("protocolType", protocol(revision));
    spec.put("reachability", reachability(revision));
    target(spec.putObject("scaleTargetRef"), revision);
    ObjectNode status = object.putObject("status");
    status.put("observedGeneration", 1);
    status.put("serviceName", revision.name());
    status.put("metricsServiceName", revision.name() + "-private");
    scale.ifPresent(
        now -> status.put("actualScale", now.ready()).put("desiredScale", now.desired()));
    Condition active = scale.map(ScalingView::activity).orElse(Condition.UNKNOWN);
    Instant since = scale.map(ScalingView::changedAt).orElse(ShownObjects.created(revision));
    Condition endpoints = endpoints(scale);
    Condition backed =
        endpoints.isTrue() ? endpoints : Condition.unknown("NotReady", endpoints.message());
    ShownObjects.condition(status, ACTIVE, active, since);
    ShownObjects.condition(status, "Ready", active.isTrue() ? backed : active, since);
    ShownObjects.condition(status, "SKSReady", backed, since);
    ShownObjects.condition(status, "ScaleTargetInitialized", initialized(revision), since);
    return new ApiObject(object);
  }

  /** Whether instances have been ready once. */
  private static Condition initialized(ApiObject revision) {
    boolean ready =
        revision
            .condition("Ready")
            .filter(found -> found.path("status").asString("").equals("True"))
            .isPresent();
    return ready ? Condition.TRUE : Condition.UNKNOWN;
  }

  private static Condition endpoints(Optional<ScalingView> scale) {
    return scale.filter(now -> now.ready() > 0).isPresent()
        ? Condition.TRUE
        : Condition.unknown("NoHealthyBackends", "K8s Service is not ready");
  }

  public static ApiObject metric(ApiObject revision) {
    ObjectNode object = followingAutoscaler(revision, ResourceKind.METRIC);
    long stable = window(revision).toNanos();
    ObjectNode spec = object.putObject("spec");
    spec.put("panicWindow", stable / PANIC).put("stableWindow", stable);
    spec.put("scrapeTarget", revision.name() + "-private");
    ObjectNode status = object.putObject("status");
    status.put("observedGeneration", 1);
    ShownObjects.condition(status, "Ready", Condition.TRUE, ShownObjects.created(revision));
    return new ApiObject(object);
  }

  private static Duration window(ApiObject revision) {
    String text = revision.annotations().getOrDefault(WINDOW, "");
    try {
      return text.isEmpty() ? STABLE_WINDOW : GoDuration.parse(text);
    } catch (IllegalArgumentException e) {
      return STABLE_WINDOW; // an earlier Skep has taken it
    }
  }

  /** The gateway is always between: it hands on at once ("Serve") while instances are ready. */
  public static ApiObject serverlessService(ApiObject revision, Optional<ScalingView> scale) {
    ObjectNode object = followingAutoscaler(revision, ResourceKind.SERVERLESS_SERVICE);
    Condition endpoints = endpoints(scale);
    ObjectNode spec = object.putObject("spec");
    spec.put("mode", endpoints.isTrue() ? "Serve" : "Proxy").put("numActivators", 1);
    spec.put("protocolType", protocol(revision));
    target(spec.putObject("objectRef"), revision);
    ObjectNode status = object.putObject("status");
    status.put("observedGeneration", 1);
    status.put("serviceName", revision.name());
    status.put("privateServiceName", revision.name() + "-private");
    Instant created = ShownObjects.created(revision);
    Instant since = scale.map(ScalingView::changedAt).orElse(created);
    ShownObjects.condition(status, ACTIVATOR.reason(), ACTIVATOR, created).put("severity", "Info");
    ShownObjects.condition(status, "EndpointsPopulated", endpoints, since);
    ShownObjects.condition(status, "Ready", endpoints, since);
    return new ApiObject(object);
  }

  public static ApiObject image(ApiObject revision) {
    JsonNode container = revision.spec().path("containers").path(0);
    String name = revision.name() + "-cache-" + container.path("name").asString("");
    ObjectNode object = following(revision, ResourceKind.IMAGE, name);
    String pinned =
        revision.status().path("containerStatuses").path(0).path("imageDigest").asString("");
    object
        .putObject("spec")
        .put("image", pinned.isEmpty() ? container.path("image").asString("") : pinned);
    return new ApiObject(object);
  }

  private static ObjectNode following(ApiObject revision, ResourceKind kind, String name) {
    ObjectNode object = ShownObjects.following(revision, ResourceKind.REVISION, kind, name);
    var labels = new TreeMap<>(SandboxSpecs.podLabels(RevisionObjects.identity(revision)));
    ShownObjects.annotate(object, labels, revision);
    return object;
  }

  private static ObjectNode followingAutoscaler(ApiObject revision, ResourceKind kind) {
    ObjectNode object = following(revision, kind, revision.name());
    ObjectNode autoscaler = following(revision, ResourceKind.POD_AUTOSCALER, revision.name());
    Owners.set(
        object.withObject("metadata"), ResourceKind.POD_AUTOSCALER, new ApiObject(autoscaler));
    return object;
  }

  private static void target(ObjectNode reference, ApiObject revision) {
    reference.put("apiVersion", "apps/v1").put("kind", "Deployment");
    reference.put("name", revision.name() + "-deployment");
  }

  private static String protocol(ApiObject revision) {
    String port = revision.spec().at("/containers/0/ports/0/name").asString("");
    return port.equals("h2c") ? "h2c" : "http1";
  }

  private static String reachability(ApiObject revision) {
    return switch (revision.labels().getOrDefault(Keys.ROUTING_STATE, "")) {
      case "active" -> "Reachable";
      case "reserve" -> "Unreachable";
      default -> "Unknown";
    };
  }
}
