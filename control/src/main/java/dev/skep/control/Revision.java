package dev.skep.control;

import dev.skep.api.GoDuration;
import dev.skep.api.RevisionKey;
import dev.skep.api.RevisionSpec;
import dev.skep.api.SkepException;
import dev.skep.image.Image;
import dev.skep.policy.Backoff;
import dev.skep.policy.LoadMeter;
import dev.skep.policy.RevisionScaler;
import dev.skep.policy.SnapshotPolicy;
import dev.skep.sandbox.StartFailure;
import dev.skep.store.EventLog;
import dev.skep.store.ResourceKind;
import dev.skep.telemetry.RequestIds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One revision and what is known of it. It belongs to the control thread. */
final class Revision {
  private static final String PROGRESS_DEADLINE = "serving.knative.dev/progress-deadline";

  /**
   * Whose it is.
   *
   * @param service that it belongs to; empty where a user made its Configuration
   * @param configurationUid empty for one that was stored before there were Configurations
   * @param ownerUid of the Service, or else of the Configuration: what its sandboxes are known by
   * @param generation of the Configuration that asked for it
   * @param labels all of its own
   */
  record Identity(
      RevisionKey key,
      String uid,
      String service,
      String configuration,
      String configurationUid,
      String ownerUid,
      long generation,
      Map<String, String> labels) {
    /** By what people know it. */
    String application() {
      return service.isEmpty() ? configuration : service;
    }

    EventLog.About about() {
      return new EventLog.About(ResourceKind.REVISION, key.namespace(), key.name(), uid);
    }

    ObjectName configurationName() {
      return new ObjectName(key.namespace(), configuration);
    }
  }

  /** A request that waits, as the data plane reported it. */
  record Waiting(RequestIds ids, long arrivedNanos) {}

  final RevisionSpec spec;
  final LoadMeter load;
  final SnapshotPolicy snapshots;
  final Optional<Duration> progressDeadline;
  final Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1));
  final Map<String, Instance> instances = new LinkedHashMap<>();

  /** The same revision all along; its labels may change. */
  Identity identity;

  /** As it is, or will soon be, stored. */
  Routing routing = Routing.PENDING;

  /** What its collection depends on. */
  RevisionGc.Candidate gc;

  /** Its configuration asks for it now, as far as anybody knows. */
  boolean newest = true;

  /** Its image was asked for. */
  boolean begun;

  /** Made anew when what is set for all revisions changes. */
  RevisionScaler scaler;

  Deployment deployment = new Deployment.Fetching("");
  Optional<Image> image = Optional.empty();

  /** Of the image that it is bound to; empty before there is one. */
  String imageDigest = "";

  /** Pods whose instances ended by themselves: the next ones are these. */
  private final Deque<Instance.Pod> restarting = new ArrayDeque<>();

  /** Requests so far. */
  long arrived;

  /** A snapshot of it is being taken. */
  boolean snapshotting;

  /** When the last one could not be taken. */
  Instant snapshotRetryAt = Instant.MIN;

  /** The oldest request that no start has been ordered for. */
  Optional<Waiting> waiting = Optional.empty();

  /** Of its last start, or its last early end; empty after one that worked. */
  Optional<StartFailure> lastFailure = Optional.empty();

  /** What was written about it last. */
  @Nullable Condition reported;

  /** Its starts fail, or its instances do not live long. */
  boolean broken;

  Instant failedAt = Instant.MIN;

  /** Some start is under way although the deployment failed before. */
  boolean retrying;

  /** Requests may come; otherwise nothing of it runs for long. */
  boolean routed = true;

  boolean deleted;
  boolean ticking;
  boolean retryPlanned;
  Instant idleSince;

  /** When its policy wants to be asked although nothing happens. */
  Optional<Instant> wakeAt = Optional.empty();

  Revision(Identity identity, RevisionSpec spec, RevisionScaler scaler, Instant now) {
    this.identity = identity;
    this.gc = new RevisionGc.Candidate(identity.key().name(), now, now, false);
    this.spec = spec;
    this.scaler = scaler;
    this.load = new LoadMeter(now);
    this.snapshots = snapshots(spec);
    this.progressDeadline = progressDeadline(spec);
    this.idleSince = now;
  }

  /** An instance that finds its own name inside is nobody's clone: each of them is booted. */
  private static SnapshotPolicy snapshots(RevisionSpec spec) {
    SnapshotPolicy asked = SnapshotPolicy.of(spec.annotations());
    return spec.tellsInstances() ? SnapshotPolicy.NEVER : asked;
  }

  private static Optional<Duration> progressDeadline(RevisionSpec spec) {
    String text = spec.annotations().get(PROGRESS_DEADLINE);
    try {
      return Optional.ofNullable(text).map(GoDuration::parse);
    } catch (IllegalArgumentException e) {
      throw new SkepException(
          SkepException.Code.INVALID,
          "annotation %s: %s".formatted(PROGRESS_DEADLINE, e.getMessage()),
          e);
    }
  }

  /** An instance has ended by itself: the next one is shown as the same pod. */
  void restarts(Instance ended) {
    restarting.add(ended.pod.restarted());
  }

  /** A new instance takes the place of one that ended by itself, if one did. */
  void place(Instance made) {
    Instance.Pod pod = restarting.poll();
    if (pod != null) {
      made.pod = pod;
    }
    instances.put(made.id, made);
  }

  /** Instances are fewer because fewer are wanted: none is the restart of another. */
  void forgetRestarts() {
    restarting.clear();
  }

  /** It is ready once its initial scale is, whoever started the instances. */
  void completeDeployment() {
    if (!isReady() && !isFetching() && count(Instance.State.READY) >= initialScale()) {
      deployment = new Deployment.Ready();
      retrying = false;
    }
  }

  /** Instances that must have been ready once before it is. */
  int initialScale() {
    return scaler.settings().initialScale();
  }

  /** Forgets its failures once an instance has lived long enough without another. */
  void forgetOldFailures(Instant now) {
    boolean quiet = failedAt.plus(Instance.SOUND).isBefore(now);
    if (broken && quiet && in(Instance.State.READY).stream().anyMatch(each -> each.isSound(now))) {
      sound();
    }
  }

  /** One of its instances has shown that it works. */
  void sound() {
    backoff.succeeded();
    lastFailure = Optional.empty();
    broken = false;
  }

  /** Why users get no answers from it now. */
  Optional<StartFailure> failure() {
    return broken && count(Instance.State.READY) == 0 ? lastFailure : Optional.empty();
  }

  RevisionKey key() {
    return identity.key();
  }

  /** Nothing can be started before its image is here. */
  boolean isFetching() {
    return deployment instanceof Deployment.Fetching || (retrying && image.isEmpty());
  }

  boolean isReady() {
    return deployment instanceof Deployment.Ready;
  }

  List<Instance> in(Instance.State state) {
    return instances.values().stream().filter(instance -> instance.state == state).toList();
  }

  int count(Instance.State state) {
    int count = 0;
    for (Instance instance : instances.values()) {
      if (instance.state == state) {
        count++;
      }
    }
    return count;
  }

  int starting() {
    return count(Instance.State.QUEUED) + count(Instance.State.STARTING);
  }

  /** What the data plane must know. */
  RevisionTraffic traffic(int queueDepth) {
    return new RevisionTraffic(
        key(),
        spec.protocol(),
        spec.containerConcurrency(),
        spec.timeout(),
        spec.responseStartTimeout(),
        spec.idleTimeout(),
        queueDepth);
  }
}
