package dev.skep.workload;

import dev.skep.api.ApiObject;
import dev.skep.api.PodTemplate;
import dev.skep.policy.Backoff;
import dev.skep.sandbox.Sandbox;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * One pod. Its state belongs to the workload thread; only its attempt is shared with the thread
 * that starts it.
 */
final class Pod {
  /** Kubernetes' own: 10 s, doubling up to 5 min. */
  private static final Duration FIRST_DELAY = Duration.ofSeconds(10);

  private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

  /** A container that ran for so long has not failed in a row. */
  static final Duration SOUND = Duration.ofMinutes(10);

  /** Where it is. */
  enum State {
    /** Nothing runs: it has not begun, or waits for another try. */
    WAITING,
    STARTING,
    RUNNING,
    /** It was told to end; only its stop is left. */
    ENDING
  }

  /** Where a pod is kept. */
  record Key(String namespace, String name) {
    static Key of(ApiObject object) {
      return new Key(object.namespace(), object.name());
    }

    @Override
    public String toString() {
      return namespace + "/" + name;
    }
  }

  /** One try to run it: a sandbox that is made, started or runs. */
  static final class Attempt {
    final String id;

    /** Set once the sandbox exists; the starting thread reads {@link #cancelled} after it. */
    final AtomicReference<@Nullable Sandbox> sandbox = new AtomicReference<>();

    final AtomicBoolean cancelled = new AtomicBoolean();

    Attempt(String id) {
      this.id = id;
    }
  }

  /**
   * How the container ended last.
   *
   * @param reason {@code Error}, {@code Completed} or {@code OOMKilled}
   * @param message with its last lines
   */
  record Ending(OptionalInt exitCode, String reason, String message, Instant at) {}

  /** Why it waits: a word as Kubernetes has it, and more for people. */
  record Waiting(String reason, String message) {}

  final Key key;
  final String uid;
  final String owner;
  final String hash;
  final Instant createdAt;
  final PodTemplate template;
  final Backoff backoff = new Backoff(FIRST_DELAY, LONGEST_DELAY);
  State state = State.WAITING;
  Optional<Attempt> attempt = Optional.empty();
  Waiting waiting = new Waiting("ContainerCreating", "");
  Optional<Ending> last = Optional.empty();
  boolean ready;
  int restarts;
  Instant startedAt = Instant.MIN;

  /** Why it is ended from here, for its next {@link Ending}. */
  Optional<String> killed = Optional.empty();

  /** The status that was written last. */
  Optional<ObjectNode> reported = Optional.empty();

  Pod(ApiObject object, String owner, String hash) {
    this.key = Key.of(object);
    this.uid = object.uid();
    this.owner = owner;
    this.hash = hash;
    this.createdAt =
        Instant.parse(
            object
                .json()
                .path("metadata")
                .path("creationTimestamp")
                .asString("1970-01-01T00:00:00Z"));
    this.template = PodTemplate.of(object);
  }

  boolean runs(Attempt one) {
    return state == State.RUNNING && attempt.filter(own -> own == one).isPresent();
  }

  /** Where others reach it, while it runs. */
  Optional<InetAddress> address() {
    return state == State.RUNNING
        ? attempt.map(own -> own.sandbox.get()).map(sandbox -> sandbox.endpoint().getAddress())
        : Optional.empty();
  }

  /** For people: what is wrong with it, if anything is. */
  List<String> complaints() {
    if ((state == State.RUNNING && ready) || state == State.ENDING) {
      return List.of();
    }
    String now =
        state == State.RUNNING ? "not ready" : (waiting.reason() + " " + waiting.message()).strip();
    String before = last.map(ending -> ": " + ending.message()).orElse("");
    return List.of("pod " + key.name() + ": " + now + before);
  }
}
