package dev.skep.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** From a defaulted and validated Knative object to the typed form that instances are made of. */
public final class ServiceTemplates {
  /** Knative's port for a function that names none. */
  public static final int DEFAULT_PORT = 8080;

  private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  private ServiceTemplates() {}

  /** The revision that this Service asks for now: its {@code spec.template}. */
  public static RevisionSpec revision(ApiObject service) {
    JsonNode template = service.spec().path("template");
    return revision(template.path("metadata").path("annotations"), template.path("spec"));
  }

  /**
   * The typed form of one template.
   *
   * @param annotations object of strings; missing counts as empty
   * @param spec pod spec with Knative's fields
   */
  public static RevisionSpec revision(JsonNode annotations, JsonNode spec) {
    JsonNode container = spec.path("containers").path(0);
    JsonNode port = container.path("ports").path(0);
    return new RevisionSpec(
        container.path("image").asString(""),
        texts(container.path("command")),
        texts(container.path("args")),
        EnvReader.env(container),
        VolumeReader.mounts(spec, container),
        optionalText(container.path("workingDir")),
        runAsUser(container, spec),
        port(port),
        port.path("name").asString("").equals("h2c") ? Protocol.H2C : Protocol.HTTP1,
        ProbeReader.readiness(container),
        ProbeReader.ofPod(container.path("livenessProbe"), List.of()),
        resources(container.path("resources")),
        spec.path("containerConcurrency").asInt(0),
        seconds(spec.path("timeoutSeconds"), DEFAULT_TIMEOUT),
        seconds(spec.path("responseStartTimeoutSeconds"), Duration.ZERO),
        seconds(spec.path("idleTimeoutSeconds"), Duration.ZERO),
        sandbox(annotations, spec),
        strings(annotations));
  }

  /** Go's clients send 0 where nobody names one. */
  private static int port(JsonNode port) {
    int number = port.path("containerPort").asInt(0);
    return number == 0 ? DEFAULT_PORT : number;
  }

  /**
   * What {@code resources} asks for: per resource the limit, else the request, else {@link
   * Resources#DEFAULT}. The CPU's request is its weight.
   */
  static Resources resources(JsonNode resources) {
    Optional<Quantity> cpu = amount(resources, "cpu");
    Optional<Quantity> memory = amount(resources, "memory");
    double cpus = cpu.map(ServiceTemplates::cpus).orElse(Resources.DEFAULT.cpus());
    JsonNode request = resources.path("requests").path("cpu");
    return new Resources(
        cpus,
        memory.map(Quantity::roundedUp).orElse(Resources.DEFAULT.memoryBytes()),
        isAbsent(request) ? cpus : cpus(Quantity.parse(request.asString(""))));
  }

  private static double cpus(Quantity quantity) {
    return quantity.millis() / 1000.0;
  }

  private static Optional<Quantity> amount(JsonNode resources, String name) {
    JsonNode limit = resources.path("limits").path(name);
    JsonNode chosen = isAbsent(limit) ? resources.path("requests").path(name) : limit;
    return isAbsent(chosen) ? Optional.empty() : Optional.of(Quantity.parse(chosen.asString("")));
  }

  static Optional<String> sandbox(JsonNode annotations, JsonNode spec) {
    return optionalText(annotations.path(SkepAnnotations.SANDBOX))
        .or(() -> optionalText(spec.path("runtimeClassName")));
  }

  private static Optional<Integer> runAsUser(JsonNode container, JsonNode pod) {
    JsonNode own = container.path("securityContext").path("runAsUser");
    JsonNode user = isAbsent(own) ? pod.path("securityContext").path("runAsUser") : own;
    return isAbsent(user) ? Optional.empty() : Optional.of(user.asInt());
  }

  private static Duration seconds(JsonNode node, Duration absent) {
    return isAbsent(node) ? absent : Duration.ofSeconds(node.asLong());
  }

  static Optional<String> optionalText(JsonNode node) {
    String text = node.asString("");
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  static List<String> texts(JsonNode array) {
    var texts = new ArrayList<String>();
    array.forEach(element -> texts.add(element.asString("")));
    return texts;
  }

  /** The fields of an object of strings; missing counts as empty. */
  public static Map<String, String> strings(JsonNode object) {
    var strings = new TreeMap<String, String>();
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      strings.put(entry.getKey(), Objects.requireNonNull(entry.getValue()).asString(""));
    }
    return strings;
  }

  static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }
}
