package dev.skep.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The templates of pods: what is filled in, what is checked ({@code pkg/apis/core/validation}), and
 * how they are read.
 */
final class PodTemplates {
  private static final int GRACE_SECONDS = 30;
  private static final int LONGEST_GRACE_SECONDS = 3_600;
  private static final int LARGEST_PORT = 65_535;
  private static final Pattern PORT_NAME = Pattern.compile("(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*");
  private static final int LONGEST_PORT_NAME = 15;
  private static final List<String> CHECKS = List.of("exec", "grpc", "httpGet", "tcpSocket");
  private static final List<String> PROBES =
      List.of("startupProbe", "readinessProbe", "livenessProbe");

  private PodTemplates() {}

  static void applyDefaults(JsonNode template) {
    for (JsonNode container : template.path("spec").path("containers")) {
      for (JsonNode port : container.path("ports")) {
        if (port instanceof ObjectNode object && !object.has("protocol")) {
          object.put("protocol", "TCP");
        }
      }
    }
  }

  static void check(JsonNode template, String path, KubernetesErrors errors) {
    JsonNode spec = template.path("spec");
    String at = path + ".spec";
    JsonNode containers = spec.path("containers");
    if (containers.isEmpty()) {
      errors.required(at + ".containers");
    } else if (containers.size() > 1) {
      errors.forbidden(
          at + ".containers", "a pod has one container here, found " + containers.size());
    } else {
      container(containers.get(0), at + ".containers[0]", errors);
    }
    String restart = spec.path("restartPolicy").asString("Always");
    if (!restart.equals("Always")) {
      errors.unsupported(at + ".restartPolicy", restart, List.of("Always"));
    }
    between(spec, "terminationGracePeriodSeconds", 0, LONGEST_GRACE_SECONDS, at, errors);
    between(spec.path("securityContext"), "runAsUser", 0, Integer.MAX_VALUE, at, errors);
    var shared = new FieldErrors();
    Map<String, String> annotations =
        ServiceTemplates.strings(template.path("metadata").path("annotations"));
    SkepAnnotations.check(annotations, path + ".metadata.annotations", shared);
    RevisionValidation.runtimeClass(spec, annotations, at, shared);
    VolumeValidation.check(spec, at, shared);
    errors.addAll(shared);
  }

  private static void container(JsonNode container, String path, KubernetesErrors errors) {
    String name = container.path("name").asString("");
    if (name.isEmpty()) {
      errors.required(path + ".name");
    } else {
      Names.dns1123Label(name).forEach(problem -> errors.invalid(path + ".name", name, problem));
    }
    String image = container.path("image").asString("");
    if (image.isEmpty()) {
      errors.required(path + ".image");
    }
    env(container.path("env"), path + ".env", errors);
    ports(container.path("ports"), path + ".ports", errors);
    PROBES.forEach(probe -> probe(container, probe, path, errors));
    between(
        container.path("securityContext"),
        "runAsUser",
        0,
        Integer.MAX_VALUE,
        path + ".securityContext",
        errors);
    var shared = new FieldErrors();
    if (!image.isEmpty()) {
      ContainerValidation.image(image, path + ".image", shared);
    }
    EnvSourceValidation.check(container, path, shared);
    ContainerValidation.resources(container.path("resources"), path + ".resources", shared);
    errors.addAll(shared);
  }

  private static void env(JsonNode env, String path, KubernetesErrors errors) {
    for (int i = 0; i < env.size(); i++) {
      String at = "%s[%d]".formatted(path, i);
      String name = env.get(i).path("name").asString("");
      if (name.isEmpty()) {
        errors.required(at + ".name");
      } else if (name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
        errors.invalid(
            at + ".name",
            name,
            "a valid environment variable name must consist only of printable ASCII characters other than '='");
      }
    }
  }

  private static void ports(JsonNode ports, String path, KubernetesErrors errors) {
    var names = new TreeSet<String>();
    for (int i = 0; i < ports.size(); i++) {
      String at = "%s[%d]".formatted(path, i);
      JsonNode port = ports.get(i);
      String name = port.path("name").asString("");
      portName(name, at + ".name", errors);
      if (!name.isEmpty() && !names.add(name)) {
        errors.duplicate(at + ".name", name);
      }
      portNumber(port.path("containerPort"), at + ".containerPort", errors);
      transport(port, at, errors);
    }
  }

  static void portName(String name, String path, KubernetesErrors errors) {
    if (name.length() > LONGEST_PORT_NAME) {
      errors.invalid(path, name, "must be no more than 15 characters");
    } else if (!name.isEmpty() && !PORT_NAME.matcher(name).matches()) {
      errors.invalid(
          path,
          name,
          "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-), with at least one letter");
    }
  }

  static void portNumber(JsonNode port, String path, KubernetesErrors errors) {
    long number = port.asLong(0);
    if (ServiceTemplates.isAbsent(port)) {
      errors.required(path);
    } else if (number < 1 || number > LARGEST_PORT) {
      errors.invalid(path, number, "must be between 1 and 65535, inclusive");
    }
  }

  static void transport(JsonNode port, String path, KubernetesErrors errors) {
    String protocol = port.path("protocol").asString("TCP");
    if (!Set.of("TCP", "UDP").contains(protocol)) {
      errors.unsupported(path + ".protocol", protocol, List.of("TCP", "UDP"));
    }
  }

  private static void probe(JsonNode container, String name, String path, KubernetesErrors errors) {
    JsonNode probe = container.path(name);
    String at = path + "." + name;
    if (ServiceTemplates.isAbsent(probe)) {
      return;
    }
    long asks = CHECKS.stream().filter(probe::has).count();
    if (asks != 1) {
      errors.required(
          at,
          asks == 0 ? "must specify a handler type" : "may not specify more than 1 handler type");
    }
    for (String number : List.of("initialDelaySeconds", "periodSeconds", "timeoutSeconds")) {
      between(probe, number, 0, LONGEST_GRACE_SECONDS, at, errors);
    }
    if (!name.equals("readinessProbe") && probe.path("successThreshold").asInt(1) > 1) {
      errors.invalid(at + ".successThreshold", probe.path("successThreshold").asInt(), "must be 1");
    }
    if (probe.has("exec") && probe.path("exec").path("command").isEmpty()) {
      errors.required(at + ".exec.command");
    }
    String scheme = probe.path("httpGet").path("scheme").asString("HTTP");
    if (!scheme.equals("HTTP")) {
      errors.unsupported(at + ".httpGet.scheme", scheme, List.of("HTTP"));
    }
    for (String check : List.of("grpc", "httpGet", "tcpSocket")) {
      if (probe.has(check)) {
        probePort(probe.path(check), container, at + "." + check, errors);
      }
    }
  }

  private static void probePort(
      JsonNode check, JsonNode container, String path, KubernetesErrors errors) {
    JsonNode port = check.path("port");
    if (check.has("host")) {
      errors.forbidden(path + ".host", "probes ask the pod itself");
    }
    if (!port.isString()) {
      portNumber(port, path + ".port", errors);
    } else if (numbers(container).stream().noneMatch(one -> one.name().equals(port.asString()))) {
      errors.invalid(path + ".port", port.asString(), "no port of the container has this name");
    }
  }

  private static void between(
      JsonNode object, String field, long least, long most, String path, KubernetesErrors errors) {
    long value = object.path(field).asLong(least);
    if (value < least || value > most) {
      errors.invalid(
          path + "." + field, value, "must be between %d and %d, inclusive".formatted(least, most));
    }
  }

  static PodTemplate read(JsonNode template) {
    JsonNode spec = template.path("spec");
    JsonNode metadata = template.path("metadata");
    JsonNode container = spec.path("containers").path(0);
    List<PodTemplate.Port> ports = numbers(container);
    return new PodTemplate(
        ServiceTemplates.strings(metadata.path("labels")),
        ServiceTemplates.strings(metadata.path("annotations")),
        container.path("image").asString(""),
        ServiceTemplates.texts(container.path("command")),
        ServiceTemplates.texts(container.path("args")),
        EnvReader.env(container),
        VolumeReader.mounts(spec, container),
        ServiceTemplates.optionalText(container.path("workingDir")),
        user(container, spec),
        ports,
        ProbeReader.ofPod(container.path("startupProbe"), ports),
        ProbeReader.ofPod(container.path("readinessProbe"), ports),
        ProbeReader.ofPod(container.path("livenessProbe"), ports),
        ServiceTemplates.resources(container.path("resources")),
        ServiceTemplates.sandbox(metadata.path("annotations"), spec),
        Duration.ofSeconds(spec.path("terminationGracePeriodSeconds").asLong(GRACE_SECONDS)));
  }

  private static List<PodTemplate.Port> numbers(JsonNode container) {
    var ports = new ArrayList<PodTemplate.Port>();
    for (JsonNode port : container.path("ports")) {
      ports.add(
          new PodTemplate.Port(
              port.path("name").asString(""),
              port.path("containerPort").asInt(0),
              transport(port)));
    }
    return ports;
  }

  static PodTemplate.Transport transport(JsonNode port) {
    return port.path("protocol").asString("TCP").equals("UDP")
        ? PodTemplate.Transport.UDP
        : PodTemplate.Transport.TCP;
  }

  private static Optional<String> user(JsonNode container, JsonNode pod) {
    Optional<String> group = security(container, pod, "runAsGroup");
    return security(container, pod, "runAsUser")
        .map(user -> group.map(number -> user + ":" + number).orElse(user));
  }

  private static Optional<String> security(JsonNode container, JsonNode pod, String field) {
    JsonNode own = container.path("securityContext").path(field);
    JsonNode wanted =
        ServiceTemplates.isAbsent(own) ? pod.path("securityContext").path(field) : own;
    return ServiceTemplates.isAbsent(wanted)
        ? Optional.empty()
        : Optional.of(Objects.requireNonNull(wanted).asString());
  }
}
