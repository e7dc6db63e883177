package dev.skep.store;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * What has happened to objects, as Kubernetes tells it: objects of the kind {@link
 * ResourceKind#EVENT}, ours and those of clients. They are in memory alone: an hour after it was
 * last seen, or once 2,048 others were seen since, an event is gone, and so are all with the
 * daemon. What happens again is counted, not told again. Safe for use by several threads; nothing
 * here waits.
 */
public final class EventLog implements ResourceStore {
  private static final ResourceKind KIND = ResourceKind.EVENT;
  private static final Duration KEPT = Duration.ofHours(1);
  private static final int MOST = 2_048;
  private static final int MOST_BYTES = 8 << 10;
  private static final int LONGEST_MESSAGE = 1_024;
  private static final int ID_LENGTH = 16;

  /** The object that an event is about. */
  public record About(ResourceKind kind, String namespace, String name, String uid) {
    /** Whose voice it is in Kubernetes: {@code service-controller}. */
    private String component() {
      return kind.kind().toLowerCase(Locale.ROOT) + "-controller";
    }
  }

  private record Name(String namespace, String name) {
    static Name of(ApiObject event) {
      return new Name(event.namespace(), event.name());
    }
  }

  private final MemoryStore events;
  private final Clock clock;

  /** When each was seen last, in that order. */
  private final SequencedMap<Name, Instant> seen = new LinkedHashMap<>();

  public EventLog(Clock clock) {
    this.events = new MemoryStore(clock);
    this.clock = clock;
  }

  /**
   * Notes what went as it should.
   *
   * @param reason one word in upper camel case
   * @param message what is the same each time: it is what is counted
   */
  public void normal(About about, String reason, String message) {
    note(about, "Normal", reason, message);
  }

  /** Notes what did not; as {@link #normal}. */
  public void warning(About about, String reason, String message) {
    note(about, "Warning", reason, message);
  }

  private synchronized void note(About about, String type, String reason, String message) {
    String text = message.substring(0, Math.min(LONGEST_MESSAGE, message.length()));
    String all = String.join("\n", about.uid, type, reason, text);
    String id = UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8)).toString();
    String name = about.name + "." + id.replace("-", "").substring(0, ID_LENGTH);
    Instant now = clock.instant();
    Optional<ApiObject> before = get(KIND, about.namespace, name);
    if (before.isPresent()) {
      ObjectNode again = before.get().copy();
      again.put("count", again.path("count").asInt(0) + 1).put("lastTimestamp", text(now));
      replace(KIND, new ApiObject(again));
    } else {
      ObjectNode event = event(about, name, now).put("type", type);
      create(KIND, new ApiObject(event.put("reason", reason).put("message", text)));
    }
  }

  private static ObjectNode event(About about, String name, Instant now) {
    ObjectNode event = ApiJson.object();
    event.put("apiVersion", KIND.apiVersion()).put("kind", KIND.kind());
    event.putObject("metadata").put("namespace", about.namespace).put("name", name);
    ObjectNode involved = event.putObject("involvedObject");
    involved.put("apiVersion", about.kind.apiVersion()).put("kind", about.kind.kind());
    involved.put("namespace", about.namespace).put("name", about.name).put("uid", about.uid);
    event.put("firstTimestamp", text(now)).put("lastTimestamp", text(now)).put("count", 1);
    event.putObject("source").put("component", about.component());
    return event.put("reportingComponent", about.component()).put("reportingInstance", "");
  }

  private static String text(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Fails with INVALID on an event that is too large to be kept in memory. */
  @Override
  public synchronized ApiObject create(ResourceKind kind, ApiObject event) {
    return saw(events.create(kind, bounded(event)));
  }

  @Override
  public synchronized ApiObject replace(ResourceKind kind, ApiObject event) {
    return saw(events.replace(kind, bounded(event)));
  }

  private static ApiObject bounded(ApiObject event) {
    int size = ApiJson.bytes(event.json()).length;
    if (size > MOST_BYTES) {
      throw new SkepException(
          Code.INVALID,
          "events \"%s\" has %d bytes (expected: at most %d)"
              .formatted(event.name(), size, MOST_BYTES));
    }
    return event;
  }

  private ApiObject saw(ApiObject event) {
    seen.putLast(Name.of(event), clock.instant());
    forgetOld();
    return event;
  }

  private void forgetOld() {
    Instant oldest = clock.instant().minus(KEPT);
    while (!seen.isEmpty()
        && (seen.size() > MOST || seen.firstEntry().getValue().isBefore(oldest))) {
      Name old = seen.firstEntry().getKey();
      delete(KIND, old.namespace(), old.name());
    }
  }

  @Override
  public synchronized ApiObject delete(ResourceKind kind, String namespace, String name) {
    seen.remove(new Name(namespace, name));
    return events.delete(kind, namespace, name);
  }

  @Override
  public synchronized Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    forgetOld();
    return events.get(kind, namespace, name);
  }

  @Override
  public synchronized Listing list(ResourceKind kind, Optional<String> namespace) {
    forgetOld();
    return events.list(kind, namespace);
  }

  /** Fails: events have no status. */
  @Override
  public ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    throw new SkepException(Code.UNSUPPORTED, "events have no status");
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    return events.watch(kind, namespace, fromVersion);
  }

  /** Ends its watches. */
  @Override
  public void close() {
    events.close();
  }
}
