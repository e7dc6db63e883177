package dev.skep.cli;

import dev.skep.api.SkepAnnotations;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code deploy} that make a Service of an image. */
final class ServiceOptions {
  @Option(names = "--name", description = "Name of the service (default: the image's).")
  @Nullable String name;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME=VALUE",
      description = "Environment variable; may be given several times.")
  List<String> env = List.of();

  @Option(
      names = "--port",
      description = "Port that the function listens on (default: the image's, or 8080).")
  @Nullable Integer port;

  @Option(names = "--h2c", description = "The function speaks HTTP/2 without TLS (gRPC).")
  boolean h2c;

  @Option(
      names = "--concurrency",
      description = "Most requests at once in one instance; 0: no limit (default: 0).")
  @Nullable Integer concurrency;

  @Option(
      names = "--request-timeout",
      paramLabel = "SECONDS",
      description = "Longest time of one request, waiting included.")
  @Nullable Integer requestTimeout;

  @Option(names = "--min-scale", description = "Fewest instances (default: 0).")
  @Nullable Integer minScale;

  @Option(names = "--max-scale", description = "Most instances (default: no limit).")
  @Nullable Integer maxScale;

  @Option(names = "--target", description = "Requests per instance that scaling aims at.")
  @Nullable Integer target;

  @Option(
      names = "--sandbox",
      paramLabel = "KIND",
      description = "Run it in a microvm, gvisor or container (default: what the host is set to).")
  @Nullable String sandbox;

  @Option(names = "--cpu", description = "CPUs, like 1 or 500m (default: 1).")
  @Nullable String cpu;

  @Option(names = "--memory", description = "Guest memory, like 256Mi (default: 256Mi).")
  @Nullable String memory;

  @Option(
      names = "--command",
      paramLabel = "PROGRAM",
      description = "Replaces the image's entrypoint; may be given several times.")
  List<String> command = List.of();

  @Option(
      names = "--user",
      paramLabel = "UID",
      description = "Numeric user to run as (default: the image's).")
  @Nullable Integer user;

  @Option(
      names = "--annotation",
      paramLabel = "NAME=VALUE",
      description = "Annotation of the template; may be given several times.")
  Map<String, String> annotations = Map.of();

  /** The Service object; what was not asked for is left to the server's defaults. */
  Json service(String image, List<String> args, String namespace) {
    Json metadata =
        Json.object().set("name", name == null ? nameOf(image) : name).set("namespace", namespace);
    Json template = Json.object();
    Map<String, String> notes = scaling();
    if (!notes.isEmpty()) {
      template.set("metadata", Json.object().set("annotations", notes));
    }
    Json revision = Json.object();
    put(revision, "containerConcurrency", concurrency);
    put(revision, "timeoutSeconds", requestTimeout);
    template.set("spec", revision.set("containers", List.of(container(image, args).value())));
    return Json.object()
        .set("apiVersion", "serving.knative.dev/v1")
        .set("kind", "Service")
        .set("metadata", metadata)
        .set("spec", Json.object().set("template", template));
  }

  private Json container(String image, List<String> args) {
    Json container = Json.object().set("image", image);
    if (!command.isEmpty()) {
      container.set("command", command);
    }
    if (!args.isEmpty()) {
      container.set("args", args);
    }
    if (!env.isEmpty()) {
      container.set("env", env.stream().map(ServiceOptions::variable).toList());
    }
    if (port != null || h2c) {
      Json containerPort = Json.object();
      put(containerPort, "name", h2c ? "h2c" : null);
      put(containerPort, "containerPort", port);
      container.set("ports", List.of(containerPort.value()));
    }
    Json limits = Json.object();
    put(limits, "cpu", cpu);
    put(limits, "memory", memory);
    if (!limits.fields().isEmpty()) {
      container.set("resources", Json.object().set("limits", limits));
    }
    if (user != null) {
      container.set("securityContext", Json.object().set("runAsUser", user));
    }
    return container;
  }

  private Map<String, String> scaling() {
    var notes = new LinkedHashMap<String, String>(annotations);
    put(notes, "min-scale", minScale);
    put(notes, "max-scale", maxScale);
    put(notes, "target", target);
    if (sandbox != null) {
      notes.put(SkepAnnotations.SANDBOX, sandbox);
    }
    return notes;
  }

  private static void put(Map<String, String> notes, String key, @Nullable Integer value) {
    if (value != null) {
      notes.put("autoscaling.knative.dev/" + key, value.toString());
    }
  }

  private static void put(Json object, String name, @Nullable Object value) {
    if (value != null) {
      object.set(name, value);
    }
  }

  private static Map<String, String> variable(String assignment) {
    int equals = assignment.indexOf('=');
    if (equals <= 0) {
      throw new SkepException(Code.INVALID, "--env " + assignment + ": expected NAME=VALUE");
    }
    var variable = new LinkedHashMap<String, String>();
    variable.put("name", assignment.substring(0, equals));
    variable.put("value", assignment.substring(equals + 1));
    return variable;
  }

  /** {@code registry:5000/team/Hello_World:v1} is called {@code hello-world}. */
  static String nameOf(String image) {
    String last = image.substring(image.lastIndexOf('/') + 1).split("[@:]", 2)[0];
    String name =
        last.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^[-0-9]+|-+$", "");
    if (name.isEmpty()) {
      throw new SkepException(
          Code.INVALID, "image '" + image + "': no name can be made of it (give one with --name)");
    }
    return name.substring(0, Math.min(63, name.length()));
  }
}
