package dev.skep.control;

import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.telemetry.RequestIds;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a revision. Its state belongs to the control thread; only the sandbox and the
 * wish to cancel are shared with the thread that starts it.
 */
final class Instance {
  /** Only forward. */
  enum State {
    /** Waits for a place among the starts of this host. */
    QUEUED,
    STARTING,
    READY,
    DRAINING,
    STOPPING,
    STOPPED
  }

  /**
   * The pod that clients of Kubernetes see in it. An instance that takes the place of one which
   * ended by itself is the same pod, restarted.
   *
   * @param id of the first instance that was it
   */
  record Pod(String id, int restarts) {
    Pod restarted() {
      return new Pod(id, restarts + 1);
    }
  }

  static final Duration SOUND = Duration.ofSeconds(10);

  final String id;
  final Revision revision;
  final String startId;
  final Instant createdAt;
  final PhaseRecorder phases;
  final Optional<RequestIds> request;

  /** Set once the sandbox exists; the starting thread reads {@link #cancelled} after it. */
  final AtomicReference<@Nullable Sandbox> sandbox = new AtomicReference<>();

  final AtomicBoolean cancelled = new AtomicBoolean();

  /** How it was started; set by the thread that starts it, before it tells that it is ready. */
  Snapshots.Planned planned = Snapshots.Planned.boot("not started here");

  State state = State.QUEUED;

  /** The request that waited for it has its answer. */
  boolean servedItsRequest;

  /** Of the revision's requests, those that had come when it became ready. */
  long arrivedBefore;

  /** What its plan leaves to do is done: a snapshot of it taken, or its working set recorded. */
  boolean caredFor;

  /** It was restored with a working set that is of little use. */
  boolean stale;

  /** Its endpoint is withheld while somebody checks whether it can be reached. */
  boolean suspect;

  /** Its endpoint is withheld because its readiness probe fails. */
  boolean unready;

  /** As which it is shown. */
  Pod pod;

  /** Which policy wanted it, and why. */
  String decision = "";

  int concurrentStarts;
  Instant readyAt = Instant.MIN;
  Instant lastLoadedAt = Instant.MIN;
  Instant drainUntil = Instant.MAX;

  Instance(
      String id,
      Revision revision,
      String startId,
      Instant createdAt,
      PhaseRecorder phases,
      Optional<RequestIds> request) {
    this.id = id;
    this.revision = revision;
    this.startId = startId;
    this.createdAt = createdAt;
    this.phases = phases;
    this.request = request;
    this.pod = new Pod(id, 0);
  }

  /** It lived long enough that its end says nothing about its beginning. */
  boolean isSound(Instant now) {
    return state == State.READY && readyAt.plus(SOUND).isBefore(now);
  }

  /** Requests that it can have answered since it is ready; exact while it is alone. */
  long answers() {
    return revision.arrived - arrivedBefore + (servedItsRequest ? 1 : 0);
  }

  Sandbox running() {
    Sandbox here = sandbox.get();
    if (here == null) {
      throw new IllegalStateException("instance " + id + " is " + state + ": no sandbox yet");
    }
    return here;
  }
}
