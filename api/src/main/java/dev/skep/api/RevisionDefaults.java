package dev.skep.api;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fills in what a template or a revision leaves out, as Knative's webhook does ({@code
 * pkg/apis/serving/v1/*_defaults.go}). Applying it twice changes nothing more.
 */
final class RevisionDefaults {
  static final int TIMEOUT_SECONDS = 300;
  static final int RESPONSE_START_SECONDS = 300;
  static final String CONTAINER_NAME = "user-container";
  private static final int FAILURE_THRESHOLD = 3;

  private RevisionDefaults() {}

  /**
   * Of the {@code spec.template} of a Service or a Configuration.
   *
   * @param before the spec that this one replaces; a template that is the same is left alone
   */
  static void applyToTemplate(ObjectNode spec, JsonNode before) {
    if (spec.get("template") instanceof ObjectNode template
        && !template.equals(before.path("template"))) {
      template.withObject("metadata"); // which typed clients always send
      if (template.get("spec") instanceof ObjectNode revision) {
        apply(revision);
      }
    }
  }

  /** Of the spec of a revision. */
  static void apply(ObjectNode spec) {
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
    orElse(probe, "successThreshold", 1);
    if (probe.path("periodSeconds").asInt(0) != 0) {
      orElse(probe, "failureThreshold", FAILURE_THRESHOLD);
      orElse(probe, "timeoutSeconds", 1);
    }
  }

  private static void orElse(ObjectNode object, String field, int value) {
    if (object.path(field).asInt(0) == 0) {
      object.put(field, value);
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
}
