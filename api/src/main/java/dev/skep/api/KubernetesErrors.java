package dev.skep.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What is wrong with an object, field by field, in the words of Kubernetes ({@code
 * apimachinery/pkg/util/validation/field}).
 */
final class KubernetesErrors {
  private final List<String> problems = new ArrayList<>();

  void required(String path) {
    problems.add(path + ": Required value");
  }

  void required(String path, String detail) {
    problems.add(path + ": Required value: " + detail);
  }

  void invalid(String path, Object value, String detail) {
    problems.add("%s: Invalid value: %s: %s".formatted(path, shown(value), detail));
  }

  void unsupported(String path, String value, Collection<String> supported) {
    String all =
        supported.stream().sorted().map(KubernetesErrors::shown).collect(Collectors.joining(", "));
    problems.add(
        "%s: Unsupported value: %s: supported values: %s".formatted(path, shown(value), all));
  }

  void duplicate(String path, Object value) {
    problems.add("%s: Duplicate value: %s".formatted(path, shown(value)));
  }

  void forbidden(String path, String detail) {
    problems.add("%s: Forbidden: %s".formatted(path, detail));
  }

  /** What checks that are shared with Knative's kinds have found. */
  void addAll(FieldErrors errors) {
    if (!errors.isEmpty()) {
      problems.add(errors.toString().replace("\n", "; "));
    }
  }

  /** Fails with INVALID where there is something. */
  void throwIfAny() {
    if (!problems.isEmpty()) {
      String all = String.join(", ", problems);
      throw new SkepException(
          SkepException.Code.INVALID, problems.size() == 1 ? all : "[" + all + "]");
    }
  }

  /** As Go prints it. */
  private static String shown(Object value) {
    return switch (value) {
      case String text -> "\"" + text + "\"";
      case Map<?, ?> map ->
          new TreeMap<>(map)
              .entrySet().stream()
                  .map(entry -> shown(entry.getKey()) + ":" + shown(entry.getValue()))
                  .collect(Collectors.joining(", ", "map[string]string{", "}"));
      default -> value.toString();
    };
  }
}
