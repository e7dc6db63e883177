package dev.skep.api;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The typed form of {@code spec} of a core Service, and what is done to one that a client sends
 * ({@code pkg/apis/core/validation}). Its address is given by who stores it.
 *
 * @param address virtual; {@link #HEADLESS} for none
 * @param selector labels of its pods; empty selects none
 * @param publishNotReady whether pods count that are not ready
 */
public record ClusterService(
    String address, List<Port> ports, Map<String, String> selector, boolean publishNotReady) {
  /** In place of an address: the name stands for the pods themselves. */
  public static final String HEADLESS = "None";

  private static final String CLUSTER_IP = "ClusterIP";

  /** Of a Service that stands for a Route; nobody else makes one. */
  private static final String EXTERNAL_NAME = "ExternalName";

  public ClusterService {
    ports = List.copyOf(ports);
    selector = Map.copyOf(selector);
  }

  /**
   * One port of a Service.
   *
   * @param name may be empty where it is the only one
   * @param target a number, or the name of a port of the pods
   */
  public record Port(String name, PodTemplate.Transport transport, int number, String target) {
    /** Where it leads to in such a pod; empty where that has no port of the name. */
    public Optional<Integer> in(PodTemplate pod) {
      return Character.isDigit(target.charAt(0)) && target.matches("[0-9]+")
          ? Optional.of(Integer.parseInt(target))
          : pod.port(target, transport).map(PodTemplate.Port::number);
    }
  }

  public boolean isHeadless() {
    return address.equals(HEADLESS);
  }

  /** Whether pods with these labels are its own. */
  public boolean selects(Map<String, String> labels) {
    return !selector.isEmpty() && labels.entrySet().containsAll(selector.entrySet());
  }

  /** Of an object that was defaulted and validated. */
  public static ClusterService of(ApiObject service) {
    JsonNode spec = service.spec();
    var ports = new ArrayList<Port>();
    for (JsonNode port : spec.path("ports")) {
      ports.add(
          new Port(
              port.path("name").asString(""),
              PodTemplates.transport(port),
              port.path("port").asInt(),
              port.path("targetPort").asString("")));
    }
    return new ClusterService(
        spec.path("clusterIP").asString(""),
        ports,
        ServiceTemplates.strings(spec.path("selector")),
        spec.path("publishNotReadyAddresses").asBoolean(false));
  }

  /** Removes unknown fields and nulls; fails with INVALID where a value has the wrong type. */
  public static Findings prune(ObjectNode object) {
    return SchemaCheck.findings(KubernetesSchemas.SERVICE, object);
  }

  public static void applyDefaults(ObjectNode object) {
    ObjectNode spec = object.withObject("spec");
    if (spec.path("type").asString("").isEmpty()) {
      spec.put("type", CLUSTER_IP);
    }
    if (spec.path("sessionAffinity").asString("").isEmpty()) {
      spec.put("sessionAffinity", "None");
    }
    for (JsonNode port : spec.path("ports")) {
      if (port instanceof ObjectNode one) {
        if (!one.has("protocol")) {
          one.put("protocol", "TCP");
        }
        String target = one.path("targetPort").asString("");
        if (target.isEmpty() || target.equals("0")) {
          one.set("targetPort", one.path("port").deepCopy());
        }
      }
    }
  }

  /** Whether it only says another name, and so has neither address nor ports. */
  public static boolean isExternalName(JsonNode spec) {
    return spec.path("type").asString("").equals(EXTERNAL_NAME);
  }

  /** Writes the address into {@code object}. */
  public static void giveAddress(ObjectNode object, String address) {
    ObjectNode spec = object.withObject("spec");
    spec.put("clusterIP", address);
    ArrayNode all = spec.putArray("clusterIPs");
    all.add(address);
  }

  /**
   * Fails with INVALID and a message that names every wrong field.
   *
   * @param old what {@code object} is to replace
   */
  public static void validate(ApiObject object, Optional<ApiObject> old) {
    var errors = new KubernetesErrors();
    ObjectMeta.check(object, Names::dns1035Label, errors);
    JsonNode spec = object.spec();
    boolean stands =
        isExternalName(spec) && old.filter(one -> isExternalName(one.spec())).isPresent();
    String type = spec.path("type").asString("");
    if (!type.equals(CLUSTER_IP) && !stands) {
      errors.unsupported("spec.type", type, List.of(CLUSTER_IP));
    }
    if (spec.has("externalName") && !stands) {
      errors.forbidden("spec.externalName", "is of Services that stand for a Route");
    }
    String affinity = spec.path("sessionAffinity").asString("None");
    if (!affinity.equals("None")) {
      errors.unsupported("spec.sessionAffinity", affinity, List.of("None"));
    }
    if (!stands) {
      ports(spec, errors);
    }
    ObjectMeta.labels(ServiceTemplates.strings(spec.path("selector")), "spec.selector", errors);
    String address = spec.path("clusterIP").asString("");
    old.map(before -> before.spec().path("clusterIP").asString(""))
        .filter(before -> !before.equals(address))
        .ifPresent(
            _ -> errors.invalid("spec.clusterIPs[0]", List.of(address), "may not change once set"));
    errors.throwIfAny();
  }

  private static void ports(JsonNode spec, KubernetesErrors errors) {
    JsonNode ports = spec.path("ports");
    boolean headless = spec.path("clusterIP").asString("").equals(HEADLESS);
    if (ports.isEmpty() && !headless) {
      errors.required("spec.ports");
    }
    var names = new HashSet<String>();
    var numbers = new HashSet<String>();
    for (int i = 0; i < ports.size(); i++) {
      String path = "spec.ports[%d]".formatted(i);
      JsonNode port = ports.get(i);
      String name = port.path("name").asString("");
      if (name.isEmpty() && ports.size() > 1) {
        errors.required(path + ".name");
      }
      if (!name.isEmpty() && !names.add(name)) {
        errors.duplicate(path + ".name", name);
      }
      PodTemplates.portName(name, path + ".name", errors);
      PodTemplates.transport(port, path, errors);
      PodTemplates.portNumber(port.path("port"), path + ".port", errors);
      target(port.path("targetPort"), path + ".targetPort", errors);
      String number = port.path("port").asString("") + "/" + port.path("protocol").asString("");
      if (!numbers.add(number)) {
        errors.duplicate(path, number);
      }
    }
  }

  private static void target(JsonNode target, String path, KubernetesErrors errors) {
    if (target.isString() && !target.asString().matches("[0-9]+")) {
      PodTemplates.portName(target.asString(), path, errors);
    } else if (!ServiceTemplates.isAbsent(target)) {
      long number = target.asLong(0);
      if (number < 1 || number > 65_535) {
        errors.invalid(path, number, "must be between 1 and 65535, inclusive");
      }
    }
  }
}
