package dev.skep.control;

import dev.skep.api.GoDuration;
import dev.skep.store.ResourceStore;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a start may take: what {@code progress-deadline} of the ConfigMap {@code
 * knative-serving/config-deployment} says, else the host's own. A template's annotation {@code
 * serving.knative.dev/progress-deadline} goes before both. Safe for use by several threads.
 */
final class ProgressDeadline {
  private static final Logger LOG = LoggerFactory.getLogger(ProgressDeadline.class);
  private static final String NAME = "config-deployment";
  static final String KEY = "progress-deadline";

  private final ResourceStore store;
  private final Duration standard;

  ProgressDeadline(ResourceStore store, Duration standard) {
    this.store = store;
    this.standard = standard;
  }

  Duration now() {
    String text = KnativeSettings.read(store, NAME).getOrDefault(KEY, "");
    if (text.isEmpty()) {
      return standard;
    }
    try {
      return GoDuration.parse(text);
    } catch (IllegalArgumentException e) {
      LOG.error("ConfigMap knative-serving/{} is not used: {}: {}", NAME, KEY, e.getMessage());
      return standard;
    }
  }
}
