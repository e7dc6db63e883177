package dev.skep.api;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Checks names and labels of objects as Kubernetes does for its own kinds. */
final class ObjectMeta {
  private ObjectMeta() {}

  static void check(
      ApiObject object, Function<String, List<String>> rule, KubernetesErrors errors) {
    if (object.name().isEmpty()) {
      errors.required("metadata.name", "name or generateName is required");
    } else {
      rule.apply(object.name())
          .forEach(problem -> errors.invalid("metadata.name", object.name(), problem));
    }
    labels(object.labels(), "metadata.labels", errors);
  }

  static void labels(Map<String, String> labels, String path, KubernetesErrors errors) {
    labels.forEach(
        (key, value) -> {
          Names.qualifiedName(key).forEach(problem -> errors.invalid(path, key, problem));
          Names.labelValue(value).forEach(problem -> errors.invalid(path, value, problem));
        });
  }
}
