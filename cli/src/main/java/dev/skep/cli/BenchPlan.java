package dev.skep.cli;

import dev.skep.api.SkepException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How a call gets its instance. */
enum BenchPlan {
  BOOT("from nothing: kernel, agent, process"),
  FILE("vanilla restore: the kernel reads pages from the memory file as they are touched"),
  PREFETCH("as file, with the recorded set read ahead"),
  LAZY("the pager serves pages one by one as they are touched, without read-ahead"),
  REAP("the pager installs the recorded set first"),
  REMOTE("as reap, of a snapshot in object storage: the set comes first, the rest meanwhile"),
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

  /** The value of {@code skep.dev/restore} that leads to it. */
  String annotation() {
    return switch (this) {
      case BOOT, FILE, PREFETCH, LAZY, REAP -> label();
      case REMOTE -> REAP.label(); // what that is while there is no snapshot on the host
      case WARM -> "auto";
    };
  }

  /** Whether such a start needs a snapshot. */
  boolean restores() {
    return this != BOOT && this != WARM;
  }

  /** Whether it is a start at all. */
  boolean starts() {
    return this != WARM;
  }

  /** Whether the page cache is cold, for each time that it is measured in a round. */
  List<Boolean> cold() {
    return switch (this) {
      case BOOT, FILE, PREFETCH, LAZY, REAP -> List.of(true, false);
      case REMOTE -> List.of(true); // nothing of it is on the host
      case WARM -> List.of(false);
    };
  }

  /**
   * The plans of those names, in the order of this enumeration.
   *
   * @throws SkepException INVALID, naming what was found and expected
   */
  static List<BenchPlan> named(List<String> names) {
    List<String> labels = Arrays.stream(values()).map(BenchPlan::label).toList();
    BenchOptions.known("plan", names, labels);
    return Arrays.stream(values())
        .filter(plan -> names.contains(plan.label()))
        .collect(Collectors.toUnmodifiableList());
  }
}
