package dev.skep.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is wrong with an object, field by field, in Knative's words ({@code knative.dev/pkg/apis},
 * {@code field_error.go}): equal problems are told once, with all their paths.
 */
final class FieldErrors {
  private record Problem(String message, String details) implements Comparable<Problem> {
    @Override
    public int compareTo(Problem other) {
      int byMessage = message.compareTo(other.message);
      return byMessage != 0 ? byMessage : details.compareTo(other.details);
    }
  }

  private final Map<Problem, TreeSet<String>> problems = new TreeMap<>();

  void missing(String path) {
    add("missing field(s)", "", path);
  }

  void disallowed(String path, String details) {
    add("must not set the field(s)", details, path);
  }

  void invalid(Object value, String path, String details) {
    add("invalid value: " + value, details, path);
  }

  void invalidKey(String key, String path, String details) {
    add("invalid key name \"%s\"".formatted(key), details, path);
  }

  void outOfBounds(Object value, Object least, Object most, String path) {
    add("expected %s <= %s <= %s".formatted(least, value, most), "", path);
  }

  void exactlyOne(String found, List<String> paths) {
    add("expected exactly one, got " + found, "", paths.toArray(new String[0]));
  }

  /**
   * @param details may be empty
   */
  void add(String message, String details, String... paths) {
    problems
        .computeIfAbsent(new Problem(message, details), _ -> new TreeSet<>())
        .addAll(List.of(paths));
  }

  /** Several texts as Go prints them. */
  static String all(List<String> texts) {
    return "[" + String.join(" ", texts) + "]";
  }

  boolean isEmpty() {
    return problems.isEmpty();
  }

  /** Fails with INVALID where there is something. */
  void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new SkepException(SkepException.Code.INVALID, toString());
    }
  }

  /** One paragraph per problem; empty when there is none. */
  @Override
  public String toString() {
    var lines = new ArrayList<String>();
    problems.forEach(
        (problem, paths) -> {
          String where = paths.isEmpty() ? "" : ": " + String.join(", ", paths);
          String more = problem.details().isEmpty() ? "" : "\n" + problem.details();
          lines.add(problem.message() + where + more);
        });
    return String.join("\n", lines);
  }
}
