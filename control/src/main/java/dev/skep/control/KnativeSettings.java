package dev.skep.control;

import dev.skep.api.GoDuration;
import dev.skep.api.ServiceTemplates;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.policy.AutoscalerConfig;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** The ConfigMaps of Knative's own namespace that are followed while the daemon runs. */
public final class KnativeSettings {
  /** Where they are. */
  public static final String NAMESPACE = "knative-serving";

  private KnativeSettings() {}

  /** What one says; nothing where there is none. */
  static Map<String, String> read(ResourceStore store, String name) {
    return store
        .get(ResourceKind.CONFIG_MAP, NAMESPACE, name)
        .map(map -> ServiceTemplates.strings(map.json().path("data")))
        .orElse(Map.of());
  }

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
