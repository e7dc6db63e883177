package dev.skep.api;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Checks the container of a revision ({@code pkg/apis/serving/k8s_validation.go}). */
final class ContainerValidation {
  private static final Set<String> RESERVED_VARIABLES =
      Set.of("PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION");
  private static final Set<Long> RESERVED_PORTS = Set.of(8008L, 8012L, 8013L, 8022L, 9090L, 9091L);
  private static final Set<String> RESOURCES = Set.of("cpu", "memory", "ephemeral-storage");
  private static final Pattern IMAGE =
      Pattern.compile(
          "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?"
              + "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
              + "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
              + "(?:@sha256:[0-9a-f]{64})?");
  private static final int LONGEST_IMAGE = 1024;

  private ContainerValidation() {}

  static void check(JsonNode container, String path, FieldErrors errors) {
    name(container.path("name").asString(""), path + ".name", errors);
    image(container.path("image").asString(""), path + ".image", errors);
    env(container.path("env"), path + ".env", errors);
    EnvSourceValidation.check(container, path, errors);
    ports(container.path("ports"), path + ".ports", errors);
    resources(container.path("resources"), path + ".resources", errors);
    ProbeValidation.check(container, path + ".readinessProbe", errors);
    String folder = container.path("workingDir").asString("");
    if (!folder.isEmpty() && !folder.startsWith("/")) {
      errors.invalid(folder, path + ".workingDir", "expected an absolute path");
    }
    long user = container.path("securityContext").path("runAsUser").asLong(0);
    if (user < 0 || user > Integer.MAX_VALUE) {
      errors.outOfBounds(user, 0, Integer.MAX_VALUE, path + ".securityContext.runAsUser");
    }
  }

  private static void name(String name, String path, FieldErrors errors) {
    if (name.equals("queue-proxy")) {
      errors.add("\"%s\" is a reserved container name".formatted(name), "", path);
    }
    Names.dns1123Label(name).forEach(problem -> errors.invalid(name, path, problem));
  }

  static void image(String image, String path, FieldErrors errors) {
    if (image.isEmpty()) {
      errors.missing(path);
    } else if (image.length() > LONGEST_IMAGE || !IMAGE.matcher(image).matches()) {
      String shown = image.length() > 100 ? image.substring(0, 100) + "..." : image;
      errors.add(
          "Failed to parse image reference",
          "image: \"%s\", error: could not parse reference (expected: [registry/]name[:tag][@sha256:digest], name in lower case)"
              .formatted(shown),
          path);
    }
  }

  private static void env(JsonNode env, String path, FieldErrors errors) {
    for (int i = 0; i < env.size(); i++) {
      String name = env.get(i).path("name").asString("");
      String at = "%s[%d].name".formatted(path, i);
      if (name.isEmpty()) {
        errors.missing(at);
      } else if (RESERVED_VARIABLES.contains(name)) {
        errors.add("\"%s\" is a reserved environment variable".formatted(name), "", at);
      } else if (name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
        errors.invalid(name, at, "expected a name without '='");
      }
      if (env.get(i).path("value").asString("").indexOf('\0') >= 0) {
        errors.invalid("\\0", "%s[%d].value".formatted(path, i), "expected text without NUL");
      }
    }
  }

  private static void ports(JsonNode ports, String path, FieldErrors errors) {
    if (ports.size() > 1) {
      errors.add(
          "more than one container port is set",
          "Only a single port is allowed across all containers",
          path);
      return;
    }
    if (!ports.isEmpty()) {
      port(ports.get(0), path + "[0]", errors);
    }
  }

  private static void port(JsonNode port, String path, FieldErrors errors) {
    long number = port.path("containerPort").asLong(0);
    if (RESERVED_PORTS.contains(number)) {
      errors.add(
          "invalid value: %d is a reserved port".formatted(number),
          "%d is a reserved port, please use a different value".formatted(number),
          path + ".containerPort");
    } else if (number < 0 || number > 65_535) {
      errors.outOfBounds(number, 0, 65_535, path + ".containerPort");
    }
    String protocol = port.path("protocol").asString("TCP");
    if (!protocol.equals("TCP") && !protocol.isEmpty()) {
      errors.invalid(protocol, path + ".protocol", "expected TCP");
    }
    String name = port.path("name").asString("");
    if (!Set.of("", "h2c", "http1").contains(name)) {
      errors.add(
          "Port name %s is not allowed".formatted(name),
          "Name must be empty, or one of: 'h2c', 'http1'",
          path + ".name");
    }
  }

  static void resources(JsonNode resources, String path, FieldErrors errors) {
    for (String kind : new String[] {"requests", "limits"}) {
      for (Map.Entry<String, JsonNode> entry : resources.path(kind).properties()) {
        String at = "%s.%s.%s".formatted(path, kind, entry.getKey());
        if (RESOURCES.contains(entry.getKey())) {
          quantity(entry.getKey(), Objects.requireNonNull(entry.getValue()), at, errors);
        } else {
          errors.disallowed(at, "expected cpu, memory or ephemeral-storage");
        }
      }
    }
    for (String name : RESOURCES) {
      requestWithinLimit(resources, name, path, errors);
    }
  }

  private static void quantity(String name, JsonNode value, String path, FieldErrors errors) {
    String written = value.asString("");
    try {
      Quantity quantity = Quantity.parse(written);
      if (name.equals("cpu")) {
        new Resources(quantity.millis() / 1000.0, 1);
      } else if (quantity.value().signum() <= 0) {
        errors.invalid(written, path, "expected more than 0");
      }
    } catch (SkepException e) {
      errors.invalid(written, path, String.valueOf(e.getMessage()));
    }
  }

  private static void requestWithinLimit(
      JsonNode resources, String name, String path, FieldErrors errors) {
    Optional<Quantity> request =
        Quantity.tryParse(resources.path("requests").path(name).asString(""));
    Optional<Quantity> limit = Quantity.tryParse(resources.path("limits").path(name).asString(""));
    boolean above =
        request.isPresent()
            && limit.isPresent()
            && request.get().value().compareTo(limit.get().value()) > 0;
    if (above) {
      errors.invalid(
          request.get(),
          "%s.requests.%s".formatted(path, name),
          "must be less than or equal to %s limit of %s".formatted(name, limit.get()));
    }
  }
}
