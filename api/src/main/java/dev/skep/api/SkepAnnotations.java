package dev.skep.api;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The annotations by which a revision says in what it runs, when a snapshot of it is taken, how it
 * is restored and what some policies of scaling need, and what they may hold.
 */
public final class SkepAnnotations {
  /** {@code auto} (the default), {@code never} or {@code after-N}. */
  public static final String SNAPSHOT = "skep.dev/snapshot";

  /** One of {@link #PLANS}; {@code auto} is the default. */
  public static final String RESTORE = "skep.dev/restore";

  /** What {@link #RESTORE} may hold. */
  public static final List<String> PLANS =
      List.of("auto", "boot", "file", "prefetch", "lazy", "reap");

  /** One of {@link #KINDS}; by default what the host is configured for. */
  public static final String SANDBOX = "skep.dev/sandbox";

  /** What {@link #SANDBOX}, and {@code runtimeClassName} of a template, may hold. */
  public static final List<String> KINDS = List.of("microvm", "gvisor", "container");

  /** How long the policy {@code keep-alive.autoscaling.skep.dev} keeps instances: {@code 10m}. */
  public static final String KEEP_ALIVE = "skep.dev/keep-alive";

  /** The timetable of the policy {@code schedule.autoscaling.skep.dev}. */
  public static final String PRE_WARM = "skep.dev/pre-warm";

  static final String PREFIX = "skep.dev/";

  private static final Pattern AFTER = Pattern.compile("after-([1-9][0-9]{0,5})");

  private SkepAnnotations() {}

  /**
   * After how many answers of an instance its snapshot is taken; empty for never.
   *
   * @param value of {@link #SNAPSHOT}
   * @throws IllegalArgumentException with what was expected
   */
  public static OptionalInt answersBefore(String value) {
    Matcher after = AFTER.matcher(value);
    if (after.matches()) {
      return OptionalInt.of(Integer.parseInt(after.group(1)));
    }
    return switch (value) {
      case "auto" -> OptionalInt.of(1);
      case "never" -> OptionalInt.empty();
      default ->
          throw new IllegalArgumentException(
              "expected auto, never or after-N with N from 1 to 999999");
    };
  }

  static void check(Map<String, String> annotations, String path, FieldErrors errors) {
    annotations.forEach(
        (key, value) -> {
          if (key.startsWith(PREFIX)) {
            check(key, value, path, errors);
          }
        });
  }

  private static void check(String key, String value, String path, FieldErrors errors) {
    switch (key) {
      case SNAPSHOT -> {
        try {
          answersBefore(value);
        } catch (IllegalArgumentException e) {
          errors.invalid(value, path + "." + key, String.valueOf(e.getMessage()));
        }
      }
      case RESTORE -> {
        if (!PLANS.contains(value)) {
          errors.invalid(value, path + "." + key, "expected one of " + String.join(", ", PLANS));
        }
      }
      case SANDBOX -> kind(value, path + "." + key, errors);
      case KEEP_ALIVE -> keepAlive(value, path + "." + key, errors);
      case PRE_WARM -> {} // its policy reads it: a timetable that it cannot read is a condition
      default ->
          errors.invalidKey(
              key,
              path,
              "no such annotation"
                  + Nearest.hint(key, List.of(SNAPSHOT, RESTORE, SANDBOX, KEEP_ALIVE, PRE_WARM)));
    }
  }

  private static void keepAlive(String value, String path, FieldErrors errors) {
    try {
      GoDuration.parse(value);
    } catch (IllegalArgumentException e) {
      errors.invalid(value, path, "expected a duration such as 90s or 10m");
    }
  }

  static void kind(String value, String path, FieldErrors errors) {
    if (!KINDS.contains(value)) {
      errors.invalid(
          value, path, "expected one of " + String.join(", ", KINDS) + Nearest.hint(value, KINDS));
    }
  }
}
