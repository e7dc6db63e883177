package dev.skep.api;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Fills in and checks DomainMappings ({@code pkg/apis/serving/v1beta1/domainmapping_*.go}). */
final class DomainMappings {
  private static final String INSIDE = "cluster.local";
  private static final String NAME = "metadata.name";

  private DomainMappings() {}

  /** What it names is where it is itself. */
  static void applyDefaults(ObjectNode mapping) {
    ObjectNode ref = mapping.withObject("/spec/ref");
    if (ref.path("namespace").asString("").isEmpty()) {
      ref.set("namespace", mapping.at("/metadata/namespace"));
    }
  }

  static void check(ApiObject mapping, Optional<ApiObject> old, FieldErrors errors) {
    if (!mapping.json().at("/metadata/generateName").asString("").isEmpty()) {
      errors.disallowed("metadata.generateName", "");
    }
    name(mapping.name(), errors);
    MetadataValidation.labels(mapping, errors);
    MetadataValidation.annotations(mapping, errors);
    old.ifPresent(before -> MetadataValidation.writers(mapping, before, errors));
    reference(mapping.spec().path("ref"), mapping.namespace(), errors);
    JsonNode tls = mapping.spec().path("tls");
    if (tls.isObject() && tls.path("secretName").asString("").isEmpty()) {
      errors.missing("spec.tls.secretName");
    }
  }

  private static void name(String name, FieldErrors errors) {
    String problem = domainProblem(name);
    if (!problem.isEmpty()) {
      errors.add("invalid name \"%s\": name: %s".formatted(name, problem), "", NAME);
    }
    if (name.endsWith("." + INSIDE)) {
      errors.add(
          "invalid name \"%s\": must not be a subdomain of cluster local domain \"%s\""
              .formatted(name, INSIDE),
          "",
          NAME);
    }
  }

  /** As {@code IsFullyQualifiedDomainName} of Kubernetes tells it; empty for a good one. */
  private static String domainProblem(String name) {
    if (name.isEmpty()) {
      return "Required value";
    }
    List<String> problems = Names.dns1123Subdomain(name);
    if (!problems.isEmpty()) {
      return invalid(name, String.join(",", problems));
    }
    List<String> labels = List.of(name.split("\\."));
    if (labels.size() < 2) {
      return invalid(name, "should be a domain with at least two segments separated by dots");
    }
    return labels.stream()
        .filter(label -> !Names.dns1123Label(label).isEmpty())
        .findFirst()
        .map(label -> invalid(label, String.join(",", Names.dns1123Label(label))))
        .orElse("");
  }

  private static String invalid(String value, String why) {
    return "Invalid value: \"%s\": %s".formatted(value, why);
  }

  private static void reference(JsonNode ref, String namespace, FieldErrors errors) {
    for (String field : List.of("name", "apiVersion", "kind")) {
      if (ref.path(field).asString("").isEmpty()) {
        errors.missing("spec.ref." + field);
      }
    }
    if (!ref.path("group").asString("").isEmpty()) {
      errors.disallowed("spec.ref.group", "");
    }
    String named = ref.path("namespace").asString("");
    if (!named.equals(namespace)) {
      errors.add(
          "mismatched namespaces",
          "parent namespace: \"%s\" does not match ref: \"%s\"".formatted(namespace, named),
          "spec.ref.namespace");
    }
  }
}
