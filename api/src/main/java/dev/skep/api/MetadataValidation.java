package dev.skep.api;

import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Checks name, labels and annotations ({@code pkg/apis/serving/metadata_validation.go}). */
final class MetadataValidation {
  private static final String GROUP = "serving.knative.dev/";
  private static final String CREATOR = GROUP + "creator";
  private static final String LAST_MODIFIER = GROUP + "lastModifier";
  private static final String VISIBILITY = "networking.knative.dev/visibility";
  private static final List<String> ROLLOUT_DURATION =
      List.of("rollout-duration", "rolloutDuration");
  private static final int ANNOTATIONS_MAX = 256 << 10;

  private MetadataValidation() {}

  /** What all kinds have in common. */
  static void check(ApiObject object, FieldErrors errors) {
    JsonNode metadata = object.json().path("metadata");
    name(object.name(), metadata.path("generateName").asString(""), errors);
    labels(object, errors);
    annotations(object, errors);
  }

  private static void name(String name, String prefix, FieldErrors errors) {
    List<String> ofPrefix = prefix.isEmpty() ? List.of() : Names.dns1035Prefix(prefix);
    if (!ofPrefix.isEmpty()) {
      errors.add(
          "not a DNS 1035 label prefix: " + FieldErrors.all(ofPrefix), "", "metadata.generateName");
      return;
    }
    if (name.isEmpty()) {
      errors.add("name or generateName is required", "", "metadata.name");
      return;
    }
    List<String> problems = Names.dns1035Label(name);
    if (!problems.isEmpty()) {
      String shown = name.length() > 80 ? name.substring(0, 80) + "..." : name;
      errors.add(
          "not a DNS 1035 label: " + FieldErrors.all(problems),
          "found: \"%s\"".formatted(shown),
          "metadata.name");
    }
  }

  static void labels(ApiObject object, FieldErrors errors) {
    object
        .labels()
        .forEach(
            (key, value) -> {
              Names.qualifiedName(key)
                  .forEach(problem -> errors.invalidKey(key, "metadata.labels", problem));
              Names.labelValue(value)
                  .forEach(problem -> errors.invalid(value, "metadata.labels." + key, problem));
            });
  }

  static void annotations(ApiObject object, FieldErrors errors) {
    long size = 0;
    for (var entry : object.annotations().entrySet()) {
      String key = entry.getKey();
      size += key.length() + entry.getValue().length();
      Names.qualifiedName(key)
          .forEach(problem -> errors.invalidKey(key, "metadata.annotations", problem));
    }
    if (size > ANNOTATIONS_MAX) {
      errors.add(
          "annotations size %d is larger than limit %d".formatted(size, ANNOTATIONS_MAX),
          "",
          "metadata.annotations");
    }
  }

  /** Finds annotations that only do something in a template. */
  static void noTemplateAnnotations(ApiObject object, FieldErrors errors) {
    for (String key : object.annotations().keySet()) {
      if (key.startsWith(AutoscalingAnnotations.PREFIX)) {
        inTemplate("autoscaling", key, errors);
      } else if (key.startsWith(SkepAnnotations.PREFIX)) {
        inTemplate("snapshot", key, errors);
      }
    }
  }

  private static void inTemplate(String what, String key, FieldErrors errors) {
    errors.invalidKey(
        key,
        "metadata.annotations",
        what + " annotations must be put under \"spec.template.metadata.annotations\" to work");
  }

  /** What says how a Route, or that of a Service, is reached and moved. */
  static void ofRoute(ApiObject object, FieldErrors errors) {
    TemplateValidation.seconds(
        object.annotations(), ROLLOUT_DURATION, "metadata.annotations", errors);
    String visibility = object.labels().getOrDefault(VISIBILITY, "cluster-local");
    if (!visibility.equals("cluster-local")) {
      errors.invalid(
          visibility,
          "metadata.labels." + VISIBILITY,
          "expected cluster-local, or no such label where it is public");
    }
  }

  /** The label that names an owner says the same as the owner references. */
  static void ownerLabel(ApiObject object, String kind, FieldErrors errors) {
    String label = GROUP + kind.toLowerCase(Locale.ROOT);
    String name = object.labels().get(label);
    if (name == null) {
      return;
    }
    boolean owned =
        object
            .json()
            .at("/metadata/ownerReferences")
            .valueStream()
            .filter(owner -> owner.path("kind").asString("").equals(kind))
            .anyMatch(owner -> owner.path("name").asString("").equals(name));
    if (!owned) {
      errors.missing("metadata.labels." + label);
    }
  }

  /** Who has made an object, and who has changed its spec last, is not for clients to say. */
  static void writers(ApiObject object, ApiObject old, FieldErrors errors) {
    if (!same(CREATOR, object, old)) {
      errors.add("annotation value is immutable", "", "metadata.annotations." + CREATOR);
    }
    if (object.spec().equals(old.spec()) && !same(LAST_MODIFIER, object, old)) {
      errors.invalid(
          object.annotations().getOrDefault(LAST_MODIFIER, ""),
          "metadata.annotations." + LAST_MODIFIER,
          "");
    }
  }

  private static boolean same(String annotation, ApiObject object, ApiObject old) {
    String before = old.annotations().getOrDefault(annotation, "");
    return object.annotations().getOrDefault(annotation, before).equals(before);
  }
}
