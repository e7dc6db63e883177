package dev.skep.control;

import dev.skep.api.GoDuration;
import dev.skep.store.ResourceKind;
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
  private static final String NAMESPACE = "knative-serving";
  private static final String NAME = "config-deployment";
  static final String KEY = "progress-deadline";

  private final ResourceStore store;
  private final Duration standard;

  ProgressDeadline(ResourceStore store, Duration standard) {
    this.store = store;
    this.standard = standard;
  }

  Duration now() {
    String text =
        store
            .get(ResourceKind.CONFIG_MAP, NAMESPACE, NAME)
            .map(map -> map.json().path("data").path(KEY).asString(""))
            .orElse("");
    if (text.isEmpty()) {
      return standard;
    }
    try {
      return GoDuration.parse(text);
    } catch (IllegalArgumentException e) {
      LOG.error("ConfigMap {}/{} is not used: {}: {}", NAMESPACE, NAME, KEY, e.getMessage());
      return standard;
    }
  }
}
