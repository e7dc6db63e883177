package dev.skep.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** Reads a container's probes. */
final class ProbeReader {
  private ProbeReader() {}

  /** The readiness probe of a container; {@link Probe#onPort} where it has none. */
  static Probe readiness(JsonNode container) {
    JsonNode probe = container.path("readinessProbe");
    if (ServiceTemplates.isAbsent(probe)) {
      return Probe.onPort();
    }
    return new Probe(
        check(probe, List.of()),
        seconds(probe, "initialDelaySeconds", 0),
        seconds(probe, "periodSeconds", 0),
        seconds(probe, "timeoutSeconds", 1),
        positive(probe, "successThreshold", 1),
        positive(probe, "failureThreshold", 3));
  }

  /** A probe of a pod, with the defaults of Kubernetes; empty where there is none. */
  static Optional<Probe> ofPod(JsonNode probe, List<PodTemplate.Port> ports) {
    return ServiceTemplates.isAbsent(probe)
        ? Optional.empty()
        : Optional.of(
            new Probe(
                check(probe, ports),
                seconds(probe, "initialDelaySeconds", 0),
                Duration.ofSeconds(positive(probe, "periodSeconds", 10)),
                Duration.ofSeconds(positive(probe, "timeoutSeconds", 1)),
                positive(probe, "successThreshold", 1),
                positive(probe, "failureThreshold", 3)));
  }

  private static Probe.Check check(JsonNode probe, List<PodTemplate.Port> ports) {
    if (probe.has("httpGet")) {
      JsonNode get = probe.path("httpGet");
      String path = get.path("path").asString("");
      return new Probe.Http(
          port(get, ports),
          path.startsWith("/") ? path : "/" + path,
          headers(get.path("httpHeaders")));
    }
    if (probe.has("exec")) {
      return new Probe.Exec(ServiceTemplates.texts(probe.path("exec").path("command")));
    }
    if (probe.has("grpc")) {
      JsonNode grpc = probe.path("grpc");
      return new Probe.Grpc(port(grpc, ports), grpc.path("service").asString(""));
    }
    return new Probe.Tcp(port(probe.path("tcpSocket"), ports));
  }

  /** A port may be named; that of a function, the only one it has, is 0. */
  private static int port(JsonNode check, List<PodTemplate.Port> ports) {
    JsonNode port = check.path("port");
    return ports.stream()
        .filter(one -> port.isString() && one.name().equals(port.asString()))
        .map(PodTemplate.Port::number)
        .findFirst()
        .orElseGet(() -> port.asInt(0));
  }

  private static Map<String, String> headers(JsonNode list) {
    var headers = new TreeMap<String, String>();
    for (JsonNode header : list) {
      headers.put(header.path("name").asString(""), header.path("value").asString(""));
    }
    return headers;
  }

  private static Duration seconds(JsonNode probe, String field, long absent) {
    return Duration.ofSeconds(probe.path(field).asLong(absent));
  }

  private static int positive(JsonNode probe, String field, int absent) {
    int number = probe.path(field).asInt(absent);
    return number > 0 ? number : absent;
  }
}
