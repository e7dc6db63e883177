package dev.skep.api;

import java.util.List;
import java.util.Optional;

/** Checks name, labels and annotations ({@code pkg/apis/serving/metadata_validation.go}). */
final class MetadataValidation {
  private static final String CREATOR = "serving.knative.dev/creator";
  private static final int ANNOTATIONS_MAX = 256 << 10;

  private MetadataValidation() {}

  static void check(ApiObject object, Optional<ApiObject> old, FieldErrors errors) {
    name(object.name(), errors);
    labels(object, errors);
    annotations(object, errors);
    old.ifPresent(before -> creator(object, before, errors));
  }

  private static void name(String name, FieldErrors errors) {
    if (name.isEmpty()) {
      errors.add("name or generateName is required", "", "metadata.name");
      return;
    }
    List<String> problems = Names.dns1035Label(name);
    if (!problems.isEmpty()) {
      String shown = name.length() > 80 ? name.substring(0, 80) + "..." : name;
      errors.add(
          "not a DNS 1035 label: " + problems, "found: \"%s\"".formatted(shown), "metadata.name");
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

  private static void annotations(ApiObject object, FieldErrors errors) {
    long size = 0;
    for (var entry : object.annotations().entrySet()) {
      String key = entry.getKey();
      size += key.length() + entry.getValue().length();
      Names.qualifiedName(key)
          .forEach(problem -> errors.invalidKey(key, "metadata.annotations", problem));
      if (key.startsWith(AutoscalingAnnotations.PREFIX)) {
        errors.invalidKey(
            key,
            "metadata.annotations",
            "autoscaling annotations must be put under \"spec.template.metadata.annotations\" to work");
      }
      if (key.startsWith(SkepAnnotations.PREFIX)) {
        errors.invalidKey(
            key,
            "metadata.annotations",
            "snapshot annotations must be put under \"spec.template.metadata.annotations\" to work");
      }
    }
    if (size > ANNOTATIONS_MAX) {
      errors.add(
          "annotations size %d is larger than limit %d".formatted(size, ANNOTATIONS_MAX),
          "",
          "metadata.annotations");
    }
  }

  private static void creator(ApiObject object, ApiObject old, FieldErrors errors) {
    String before = old.annotations().getOrDefault(CREATOR, "");
    String now = object.annotations().getOrDefault(CREATOR, before);
    if (!now.equals(before)) {
      errors.add("annotation value is immutable", "", "metadata.annotations." + CREATOR);
    }
  }
}
