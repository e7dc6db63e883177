package dev.skep.api;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Checks the readiness probe of a container. */
final class ProbeValidation {
  private static final List<String> CHECKS = List.of("exec", "grpc", "httpGet", "tcpSocket");
  private static final List<String> NUMBERS =
      List.of(
          "initialDelaySeconds",
          "periodSeconds",
          "timeoutSeconds",
          "successThreshold",
          "failureThreshold");
  private static final int LONGEST_SECONDS = 3_600;

  private ProbeValidation() {}

  static void check(JsonNode container, String path, FieldErrors errors) {
    JsonNode probe = container.path("readinessProbe");
    oneCheck(probe, path, errors);
    for (String number : NUMBERS) {
      long value = probe.path(number).asLong(0);
      if (value < 0 || value > LONGEST_SECONDS) {
        errors.outOfBounds(value, 0, LONGEST_SECONDS, path + "." + number);
      }
    }
    if (probe.path("periodSeconds").asLong(0) == 0) {
      needsPeriod(probe, "failureThreshold", path, errors);
      needsPeriod(probe, "timeoutSeconds", path, errors);
    }
    String portName = container.path("ports").path(0).path("name").asString("");
    for (String check : CHECKS) {
      port(probe.path(check).path("port"), portName, path + "." + check + ".port", errors);
    }
    http(probe.path("httpGet"), path + ".httpGet", errors);
    boolean noCommand = probe.has("exec") && probe.path("exec").path("command").isEmpty();
    if (noCommand) {
      errors.missing(path + ".exec.command");
    }
  }

  private static void oneCheck(JsonNode probe, String path, FieldErrors errors) {
    List<String> found = CHECKS.stream().filter(probe::has).map(name -> path + "." + name).toList();
    if (found.size() > 1) {
      errors.exactlyOne("both", found);
    }
  }

  private static void needsPeriod(JsonNode probe, String field, String path, FieldErrors errors) {
    if (probe.path(field).asLong(0) != 0) {
      errors.add(field + " is disallowed when periodSeconds is zero", "", path + "." + field);
    }
  }

  private static void port(JsonNode port, String portName, String path, FieldErrors errors) {
    if (port.isIntegralNumber()) {
      long number = port.asLong();
      if (number < 0 || number > 65_535) {
        errors.outOfBounds(number, 0, 65_535, path);
      }
    } else if (port.isString() && (portName.isEmpty() || !port.asString().equals(portName))) {
      errors.invalid(
          port.asString(), path, "expected a number or the name of the container's port");
    }
  }

  private static void http(JsonNode get, String path, FieldErrors errors) {
    String scheme = get.path("scheme").asString("HTTP");
    if (!Set.of("", "HTTP").contains(scheme)) {
      errors.invalid(scheme, path + ".scheme", "expected HTTP");
    }
    String host = get.path("host").asString("");
    if (!host.isEmpty()) {
      errors.disallowed(path + ".host", "");
    }
  }
}
