package dev.skep.cli;

import dev.skep.api.Nearest;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How a call gets its instance. The names, but the last, are values of {@code skep.dev/restore}.
 */
enum BenchPlan {
  BOOT("from nothing: kernel, agent, process"),
  FILE("vanilla restore: the kernel reads pages from the memory file as they are touched"),
  PREFETCH("as file, with the recorded set read ahead"),
  LAZY("the pager serves pages one by one as they are touched, without read-ahead"),
  REAP("the pager installs the recorded set first"),
  WARM("no start: the instance is up");

  private final String meaning;

  BenchPlan(String meaning) {
    this.meaning = meaning;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** One line for people. */
  String meaning() {
    return meaning;
  }

  /** Whether such a start needs a snapshot. */
  boolean restores() {
    return this != BOOT && this != WARM;
  }

  /** Whether it is a start at all: then there is a page cache to be cold or warm. */
  boolean starts() {
    return this != WARM;
  }

  /**
   * The plans of those names, in the order of this enumeration.
   *
   * @throws SkepException INVALID, naming what was found and expected
   */
  static List<BenchPlan> named(List<String> names) {
    List<String> labels = Arrays.stream(values()).map(BenchPlan::label).toList();
    for (String name : names) {
      if (!labels.contains(name)) {
        throw new SkepException(
            Code.INVALID,
            "plan '%s' (expected: %s)%s"
                .formatted(name, String.join(", ", labels), Nearest.hint(name, labels)));
      }
    }
    return Arrays.stream(values())
        .filter(plan -> names.contains(plan.label()))
        .collect(Collectors.toUnmodifiableList());
  }
}
