package dev.skep.control;

import dev.skep.api.ApiObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which routes lead to a revision, as its labels and annotations say.
 *
 * @param routes names, sorted, joined by commas; empty for none
 */
record Routing(State state, String routes) {
  /** Knative's routing states. */
  enum State {
    /** No route has led to it yet. */
    PENDING,
    ACTIVE,
    /** No route leads to it any more. */
    RESERVE;

    private String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    private static State of(String label) {
      return switch (label) {
        case "active" -> ACTIVE;
        case "reserve" -> RESERVE;
        default -> PENDING;
      };
    }
  }

  static final Routing PENDING = new Routing(State.PENDING, "");

  static Routing of(ApiObject revision) {
    Map<String, String> annotations = revision.annotations();
    return new Routing(
        State.of(revision.labels().getOrDefault(Keys.ROUTING_STATE, "")),
        annotations.getOrDefault(Keys.ROUTES, ""));
  }

  /**
   * What it becomes.
   *
   * @param newest whether it is the latest of its configuration, which may wait for its first route
   */
  Routing next(Collection<String> routes, boolean newest) {
    if (!routes.isEmpty()) {
      return new Routing(State.ACTIVE, String.join(",", new TreeSet<>(routes)));
    }
    boolean waits = state == State.PENDING && newest;
    return new Routing(waits ? State.PENDING : State.RESERVE, "");
  }

  /** Whether requests may come. */
  boolean isReachable() {
    return state != State.RESERVE;
  }

  /** Into a revision's metadata. */
  void writeTo(ObjectNode metadata, Instant now) {
    metadata.withObject("labels").put(Keys.ROUTING_STATE, state.label());
    ObjectNode annotations = metadata.withObject("annotations");
    if (routes.isEmpty()) {
      annotations.remove(Keys.ROUTES);
    } else {
      annotations.put(Keys.ROUTES, routes);
    }
    annotations.put(Keys.ROUTING_MODIFIED, now.truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** The object with this routing in place of its own. */
  ObjectNode in(ObjectNode revision, Instant now) {
    if (!of(new ApiObject(revision)).equals(this)) {
      writeTo(revision.withObject("metadata"), now);
    }
    return revision;
  }

  /** When it last changed; the beginning of time where nobody wrote that down so as to be read. */
  static Instant modified(ApiObject revision) {
    try {
      return Instant.parse(revision.annotations().getOrDefault(Keys.ROUTING_MODIFIED, ""));
    } catch (DateTimeParseException unreadable) {
      return Instant.MIN;
    }
  }
}
