package dev.skep.apiserver;

import dev.skep.api.ApiJson;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a list merges with another one, by the name of its field: Kubernetes has it as {@code
 * patchMergeKey} and {@code listMapKey} beside each field of its types ({@code k8s.io/api}), and
 * uses the same keys wherever a name appears twice.
 */
sealed interface PatchLists {
  /** As a whole. */
  record Atomic() implements PatchLists {}

  /** Elements are objects that these fields name; strategic patches look at the first one only. */
  record Keyed(List<String> keys) implements PatchLists {
    String first() {
      return keys.getFirst();
    }

    /** What names an element; {@code protocol} is TCP where it is missing. */
    ObjectNode key(JsonNode element) {
      ObjectNode key = ApiJson.object();
      for (String name : keys) {
        JsonNode value = element.path(name);
        if (!value.isMissingNode()) {
          key.set(name, value);
        } else if (name.equals("protocol")) {
          key.put(name, "TCP");
        }
      }
      return key;
    }
  }

  /** Elements are values, each there once. */
  record SetOf() implements PatchLists {}

  PatchLists ATOMIC = new Atomic();
  PatchLists SET = new SetOf();

  Map<String, PatchLists> METADATA =
      Map.of("ownerReferences", new Keyed(List.of("uid")), "finalizers", SET);

  /** Of Knative's Service, whose definition keeps lists of containers and ports whole. */
  Map<String, PatchLists> CUSTOM =
      Map.of(
          "volumes", new Keyed(List.of("name")),
          "imagePullSecrets", new Keyed(List.of("name")));

  Map<String, PatchLists> CORE =
      Map.ofEntries(
          Map.entry("containers", new Keyed(List.of("name"))),
          Map.entry("initContainers", new Keyed(List.of("name"))),
          Map.entry("env", new Keyed(List.of("name"))),
          Map.entry("volumes", new Keyed(List.of("name"))),
          Map.entry("imagePullSecrets", new Keyed(List.of("name"))),
          Map.entry("volumeMounts", new Keyed(List.of("mountPath"))),
          Map.entry("volumeDevices", new Keyed(List.of("devicePath"))),
          Map.entry("hostAliases", new Keyed(List.of("ip"))),
          Map.entry("conditions", new Keyed(List.of("type"))));

  Keyed CONTAINER_PORTS = new Keyed(List.of("containerPort", "protocol"));
  Keyed SERVICE_PORTS = new Keyed(List.of("port", "protocol"));

  /**
   * @param custom whether it is a list of a custom resource
   * @param element any of its elements
   */
  static PatchLists of(boolean custom, String field, JsonNode element) {
    PatchLists ofMetadata = METADATA.get(field);
    if (ofMetadata != null) {
      return ofMetadata;
    }
    if (custom) {
      return CUSTOM.getOrDefault(field, ATOMIC);
    }
    if (field.equals("ports")) {
      return element.has("containerPort") ? CONTAINER_PORTS : SERVICE_PORTS;
    }
    return CORE.getOrDefault(field, ATOMIC);
  }
}
