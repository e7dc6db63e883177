package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.GoDuration;
import dev.skep.store.ResourceStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which revisions without traffic are deleted, as the ConfigMap {@code knative-serving/config-gc}
 * sets it ({@code pkg/reconciler/gc}); pure. Empty limits are off.
 *
 * @param min that are kept of a configuration, however old
 * @param max that are kept, however young
 */
record RevisionGc(
    Optional<Duration> sinceCreated,
    Optional<Duration> sinceActive,
    int min,
    Optional<Integer> max) {
  private static final Logger LOG = LoggerFactory.getLogger(RevisionGc.class);

  static final RevisionGc DEFAULTS =
      new RevisionGc(
          Optional.of(Duration.ofHours(48)),
          Optional.of(Duration.ofHours(15)),
          20,
          Optional.of(1000));

  private static final String DISABLED = "disabled";

  /**
   * A revision of a configuration.
   *
   * @param active when its routing changed last
   * @param kept whatever its age: its owner said so
   */
  record Candidate(String name, Instant created, Instant active, boolean kept) {
    static Candidate of(ApiObject revision, Instant now) {
      String text = revision.json().at("/metadata/creationTimestamp").asString("");
      Instant created = text.isEmpty() ? now : Instant.parse(text);
      Instant routed = Routing.modified(revision);
      return new Candidate(
          revision.name(),
          created,
          routed.isAfter(created) ? routed : created,
          revision.annotations().getOrDefault(Keys.NO_GC, "").equalsIgnoreCase("true"));
    }

    Candidate activeAt(Instant now) {
      return new Candidate(name, created, now, kept);
    }
  }

  /** One that cannot be read leaves the defaults. */
  static RevisionGc read(ResourceStore store) {
    try {
      return of(KnativeSettings.read(store, "config-gc"));
    } catch (IllegalArgumentException invalid) {
      LOG.error("ConfigMap knative-serving/config-gc is not used: {}", invalid.getMessage());
      return DEFAULTS;
    }
  }

  /** Fails with IllegalArgumentException where a value cannot be read. */
  static RevisionGc of(Map<String, String> data) {
    return new RevisionGc(
        duration(data, "retain-since-create-time", DEFAULTS.sinceCreated),
        duration(data, "retain-since-last-active-time", DEFAULTS.sinceActive),
        Optional.ofNullable(data.get("min-non-active-revisions"))
            .map(Integer::parseInt)
            .orElse(DEFAULTS.min),
        max(data.get("max-non-active-revisions")));
  }

  private static Optional<Duration> duration(
      Map<String, String> data, String key, Optional<Duration> absent) {
    String text = data.get(key);
    return text == null
        ? absent
        : text.equals(DISABLED) ? Optional.empty() : Optional.of(GoDuration.parse(text));
  }

  private static Optional<Integer> max(@Nullable String text) {
    return text == null
        ? DEFAULTS.max
        : text.equals(DISABLED) ? Optional.empty() : Optional.of(Integer.parseInt(text));
  }

  /**
   * The names of those that go.
   *
   * @param idle revisions of one configuration without traffic, but for its latest ready one
   */
  List<String> doomed(List<Candidate> idle, Instant now) {
    List<Candidate> left =
        new ArrayList<>(
            idle.stream()
                .filter(each -> !each.kept())
                .sorted(Comparator.comparing(Candidate::active))
                .toList());
    var doomed = new ArrayList<String>();
    for (Candidate candidate : List.copyOf(left)) {
      boolean isOver = max.isPresent() && left.size() > max.get();
      if (left.size() > min && (isOver || isStale(candidate, now))) {
        left.remove(candidate);
        doomed.add(candidate.name());
      }
    }
    return doomed;
  }

  private boolean isStale(Candidate candidate, Instant now) {
    boolean checked = sinceCreated.isPresent() || sinceActive.isPresent();
    return checked
        && isOlder(candidate.created(), sinceCreated, now)
        && isOlder(candidate.active(), sinceActive, now);
  }

  private static boolean isOlder(Instant moment, Optional<Duration> limit, Instant now) {
    return limit.map(age -> moment.plus(age).isBefore(now)).orElse(true);
  }
}
