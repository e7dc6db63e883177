package dev.skep.control;

import dev.skep.api.GoDuration;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.policy.AutoscalerConfig;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** The ConfigMaps of Knative's own namespace that are followed while the daemon runs. */
public final class KnativeSettings {
  /** Where they are. */
  public static final String NAMESPACE = "knative-serving";

  /** Their names. */
  public static final List<String> NAMES =
      List.of(
          "config-autoscaler",
          "config-deployment",
          "config-domain",
          "config-features",
          "config-gc",
          "config-network");

  private KnativeSettings() {}

  /**
   * Checks what one is to say; other names may say anything.
   *
   * @throws SkepException INVALID, in Knative's words
   */
  public static void check(String name, Map<String, String> data) {
    try {
      switch (name) {
        case "config-autoscaler" -> AutoscalerConfig.of(data);
        case "config-gc" -> RevisionGc.of(data);
        case "config-domain" -> Naming.of(data, Map.of(), Map.of(), "example.com");
        case "config-network" -> Naming.of(Map.of(), data, Map.of(), "example.com");
        case "config-deployment" -> deployment(data);
        default -> {} // of features, Knative takes any text for their defaults
      }
    } catch (IllegalArgumentException e) {
      throw new SkepException(Code.INVALID, "failed to parse data: " + e.getMessage(), e);
    }
  }

  private static void deployment(Map<String, String> data) {
    String text = data.get(ProgressDeadline.KEY);
    if (text == null) {
      return;
    }
    Duration deadline;
    try {
      deadline = GoDuration.parse(text);
    } catch (IllegalArgumentException e) {
      throw new SkepException(
          Code.INVALID, "failed to parse \"progress-deadline\": " + e.getMessage(), e);
    }
    if (deadline.isZero()) {
      throw new SkepException(
          Code.INVALID, "progress-deadline cannot be a non-positive duration, was " + text);
    }
    if (!deadline.equals(deadline.truncatedTo(ChronoUnit.SECONDS))) {
      throw new SkepException(
          Code.INVALID, "progress-deadline must be rounded to a whole second, was: " + text);
    }
  }
}
