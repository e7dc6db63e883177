package dev.skep.api;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Checks the template of a Service or Configuration, and the annotations that revisions have. */
final class TemplateValidation {
  private static final String TEMPLATE = "spec.template";
  private static final String NAME = TEMPLATE + ".metadata.name";
  private static final String NETWORKING = "networking.knative.dev";
  private static final Set<String> OF_NETWORKING =
      Set.of(
          NETWORKING + "/ingress-class",
          NETWORKING + "/ingress.class",
          NETWORKING + "/certificate-class",
          NETWORKING + "/certificate.class",
          NETWORKING + "/disable-external-domain-tls",
          NETWORKING + "/disable-auto-tls",
          NETWORKING + "/disableAutoTLS",
          NETWORKING + "/http-protocol",
          NETWORKING + "/httpOption");
  private static final Pattern QUANTITY =
      Pattern.compile(
          "queue\\.sidecar\\.serving\\.knative\\.dev/"
              + "(cpu|memory|ephemeral-storage)-resource-(request|limit)");

  private TemplateValidation() {}

  static void check(ApiObject object, Optional<ApiObject> old, FieldErrors errors) {
    JsonNode template = object.spec().path("template");
    JsonNode metadata = template.path("metadata");
    Map<String, String> annotations = ServiceTemplates.strings(metadata.path("annotations"));
    annotations(annotations, TEMPLATE + ".metadata.annotations", errors);
    RevisionValidation.check(template.path("spec"), TEMPLATE + ".spec", errors);
    RevisionValidation.runtimeClass(template.path("spec"), annotations, TEMPLATE + ".spec", errors);
    prefix(metadata.path("generateName").asString(""), errors);
    String name = metadata.path("name").asString("");
    if (!name.isEmpty()) {
      name(name, object.name() + "-", errors);
      old.ifPresent(before -> nameOfAnother(name, template, before, errors));
    }
  }

  private static void prefix(String generateName, FieldErrors errors) {
    List<String> problems = generateName.isEmpty() ? List.of() : Names.dns1035Prefix(generateName);
    if (!problems.isEmpty()) {
      String message = "not a DNS 1035 label prefix: " + FieldErrors.all(problems);
      errors.invalid(message, TEMPLATE + ".metadata.generateName", "");
    }
  }

  private static void name(String name, String prefix, FieldErrors errors) {
    List<String> problems = Names.dns1035Label(name);
    if (!problems.isEmpty()) {
      errors.invalid("not a DNS 1035 label: " + FieldErrors.all(problems), NAME, "");
    } else if (!name.startsWith(prefix)) {
      errors.invalid("\"%s\" must have prefix \"%s\"".formatted(name, prefix), NAME, "");
    }
  }

  /** A name that the user has chosen means one template. */
  private static void nameOfAnother(
      String name, JsonNode template, ApiObject old, FieldErrors errors) {
    JsonNode before = old.spec().path("template");
    if (name.equals(before.path("metadata").path("name").asString(""))
        && !template.equals(before)) {
      errors.add(
          "Saw the following changes without a name change (-old +new)",
          JsonDifference.text(before, template),
          NAME);
    }
  }

  static void annotations(Map<String, String> annotations, String path, FieldErrors errors) {
    AutoscalingAnnotations.check(annotations, path, errors);
    SkepAnnotations.check(annotations, path, errors);
    annotations.forEach(
        (key, value) -> {
          if (key.startsWith(NETWORKING) && !OF_NETWORKING.contains(key)) {
            errors.invalidKey(key, path, "");
          } else if (QUANTITY.matcher(key).matches() && Quantity.tryParse(value).isEmpty()) {
            errors.invalid(value, "%s.[%s]".formatted(path, key), "");
          }
        });
    seconds(annotations, List.of("progress-deadline"), path, errors);
  }

  /**
   * Checks an annotation of {@code serving.knative.dev} that is a duration of whole seconds.
   *
   * @param names all that it may be called; messages have the first one
   */
  static void seconds(
      Map<String, String> annotations, List<String> names, String path, FieldErrors errors) {
    for (String name : names) {
      String key = "serving.knative.dev/" + name;
      String value = annotations.getOrDefault(key, "");
      if (!value.isEmpty()) {
        seconds(names.getFirst(), value, path + "." + key, errors);
        return;
      }
    }
  }

  private static void seconds(String name, String value, String path, FieldErrors errors) {
    try {
      boolean negative = value.startsWith("-");
      Duration duration = GoDuration.parse(negative ? value.substring(1) : value);
      if (!duration.equals(duration.truncatedTo(ChronoUnit.SECONDS))) {
        errors.add("%s=%s is not at second precision".formatted(name, value), "", path);
      } else if (negative && !duration.isZero()) {
        errors.add("%s=%s must be positive".formatted(name, value), "", path);
      }
    } catch (IllegalArgumentException e) {
      errors.invalid(value, path, "expected a duration such as 90s or 1m30s");
    }
  }
}
