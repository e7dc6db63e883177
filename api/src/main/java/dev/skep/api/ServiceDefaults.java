package dev.skep.api;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fills in what a Service leaves out, as Knative's webhook does ({@code
 * pkg/apis/serving/v1/*_defaults.go}). Applying it twice changes nothing more.
 */
final class ServiceDefaults {
  static final int TIMEOUT_SECONDS = 300;
  static final int RESPONSE_START_SECONDS = 300;
  static final String CONTAINER_NAME = "user-container";

  private ServiceDefaults() {}

  static void apply(ObjectNode service) {
    ObjectNode spec = service.withObject("spec");
    if (spec.get("template") instanceof ObjectNode template
        && template.get("spec") instanceof ObjectNode revision) {
      revision(revision);
    }
    traffic(spec);
  }

  private static void revision(ObjectNode spec) {
    if (!spec.has("containerConcurrency")) {
      spec.put("containerConcurrency", 0);
    }
    if (spec.path("timeoutSeconds").asInt(0) == 0) {
      spec.put("timeoutSeconds", TIMEOUT_SECONDS);
    }
    boolean longEnough = spec.path("timeoutSeconds").asLong(0) > RESPONSE_START_SECONDS;
    if (longEnough && !spec.has("responseStartTimeoutSeconds")) {
      spec.put("responseStartTimeoutSeconds", RESPONSE_START_SECONDS);
    }
    if (!spec.has("enableServiceLinks")) {
      spec.put("enableServiceLinks", false);
    }
    JsonNode containers = spec.path("containers");
    for (int i = 0; i < containers.size(); i++) {
      if (containers.get(i) instanceof ObjectNode container) {
        container(container, containers.size() == 1 ? CONTAINER_NAME : CONTAINER_NAME + "-" + i);
        readOnlyMounts(container, spec.path("volumes"));
      }
    }
  }

  private static void container(ObjectNode container, String name) {
    if (container.path("name").asString("").isEmpty()) {
      container.put("name", name);
    }
    ObjectNode resources = container.withObject("resources");
    canonical(resources.path("requests"));
    canonical(resources.path("limits"));
    probe(container.withObject("readinessProbe"));
  }

  /** All but those of volumes that can be written to. */
  private static void readOnlyMounts(ObjectNode container, JsonNode volumes) {
    for (JsonNode mount : container.path("volumeMounts")) {
      String name = mount.path("name").asString("");
      boolean writable =
          volumes
              .valueStream()
              .filter(volume -> volume.path("name").asString("").equals(name))
              .anyMatch(volume -> VolumeValidation.WRITABLE.stream().anyMatch(volume::has));
      if (!writable && !mount.has("readOnly") && mount instanceof ObjectNode object) {
        object.put("readOnly", true);
      }
    }
  }

  private static void probe(ObjectNode probe) {
    boolean asks = List.of("exec", "httpGet", "tcpSocket", "grpc").stream().anyMatch(probe::has);
    if (!asks) {
      probe.putObject("tcpSocket").put("port", 0);
    }
    if (probe.path("successThreshold").asInt(0) == 0) {
      probe.put("successThreshold", 1);
    }
  }

  /** Values that are no quantities stay: the validation names them. */
  private static void canonical(JsonNode amounts) {
    if (!(amounts instanceof ObjectNode object)) {
      return;
    }
    for (Map.Entry<String, JsonNode> entry : List.copyOf(object.properties())) {
      String written = Objects.requireNonNull(entry.getValue()).asString("");
      Quantity.tryParse(written)
          .ifPresent(quantity -> object.put(entry.getKey(), quantity.toString()));
    }
  }

  private static void traffic(ObjectNode spec) {
    ArrayNode traffic = spec.withArray("traffic");
    if (traffic.isEmpty()) {
      traffic.addObject().put("latestRevision", true).put("percent", 100);
    }
    for (JsonNode target : traffic) {
      if (target instanceof ObjectNode object) {
        target(object);
      }
    }
  }

  private static void target(ObjectNode target) {
    if (!target.has("latestRevision")) {
      target.put("latestRevision", target.path("revisionName").asString("").isEmpty());
    }
    if (!target.has("percent")) {
      target.put("percent", 0);
    }
  }
}
