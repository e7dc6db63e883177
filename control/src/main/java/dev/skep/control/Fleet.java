package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.policy.Decision;
import dev.skep.policy.LoadSecond;
import dev.skep.policy.Observation;
import dev.skep.policy.RetirementOrder;
import dev.skep.sandbox.Sandbox;
import dev.skep.telemetry.Metrics;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the instances of each revision at the number that its policy asks for. It belongs to the
 * control thread.
 */
final class Fleet {
  private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration RETRY_AT_LEAST = Duration.ofSeconds(1);

  private final Wiring wiring;
  private final InstanceMaker maker;
  private final LogFolder logs;
  private final Metrics metrics;
  private final Retirement retirement;
  private final StartQueue starts;
  private final InstanceLife life;
  private final SnapshotCare care;
  private final Map<RevisionKey, Revision> revisions = new HashMap<>();
  private final RevisionObserver observer;

  Fleet(
      Wiring wiring,
      Starter starter,
      SnapshotCare care,
      LogFolder logs,
      InstanceMaker maker,
      StartRecords records,
      Metrics metrics,
      RevisionObserver observer) {
    this.wiring = wiring;
    this.maker = maker;
    this.metrics = metrics;
    this.observer = observer;
    this.logs = logs;
    this.care = care;
    this.retirement = new Retirement(wiring, this::gone);
    this.life = new InstanceLife(wiring, this, retirement, records, observer);
    this.starts = new StartQueue(wiring, starter, life::startEnded);
  }

  /** What instances live through. */
  InstanceLife life() {
    return life;
  }

  void add(Revision revision) {
    revisions.put(revision.key(), revision);
    wiring.dataPlane().revision(revision.traffic(wiring.settings().queueDepth()));
  }

  Optional<Revision> find(RevisionKey key) {
    return Optional.ofNullable(revisions.get(key));
  }

  List<Revision> revisions() {
    return List.copyOf(revisions.values());
  }

  /** A request waits: on the critical path of every cold start, so nothing here may block. */
  void poke(RevisionKey key, Revision.Waiting request) {
    Revision revision = revisions.get(key);
    if (revision == null) {
      return;
    }
    if (revision.waiting.isEmpty()) {
      revision.waiting = Optional.of(request);
    }
    scale(revision);
    if (revision.starting() + revision.count(Instance.State.READY) > 0) {
      // What it waits for was ordered before, or is a place that becomes free.
      revision.waiting = Optional.empty();
    }
  }

  /** Brings the number of instances to what the policy asks for now. */
  void scale(Revision revision) {
    if (revision.deleted) {
      return;
    }
    long decidingSince = wiring.clocks().nanos().getAsLong();
    Observation seen = observe(revision);
    Decision decision = decide(revision, seen);
    int wanted = Math.max(decision.instances(), floor(revision));
    int missing = wanted - seen.ready() - seen.starting();
    if (missing > 0 && !revision.isFetching()) {
      metrics.scaled("out", decision.reason().name());
      grow(revision, missing, seen, because(revision, decision), decidingSince);
    } else if (missing < 0) {
      metrics.scaled("in", decision.reason().name());
      shrink(revision, -missing);
    }
    boolean idle = revision.instances.isEmpty() && seen.waiting() == 0 && decision.instances() == 0;
    if (idle) {
      revision.forgetRestarts();
    }
    if (!idle) {
      keepTicking(revision);
    } else {
      wakeLater(revision, seen.now());
    }
  }

  private Decision decide(Revision revision, Observation seen) {
    boolean sound = revision.scaler.problem().isEmpty();
    Decision decision = revision.scaler.decide(seen);
    if (sound) {
      revision.scaler.problem().ifPresent(why -> LOG.error("{}: {}", revision.key(), why));
    }
    int wanted = Math.max(decision.instances(), floor(revision));
    wiring.directory().decided(revision, seen, decision, wanted);
    return decision;
  }

  private static String because(Revision revision, Decision decision) {
    return "%s: %s, %s".formatted(revision.scaler.policy(), decision.reason(), decision.why());
  }

  /** A policy may expect requests before they come. */
  private void wakeLater(Revision revision, Instant now) {
    Optional<Instant> at = revision.scaler.again();
    if (at.isEmpty() || at.equals(revision.wakeAt)) {
      return;
    }
    revision.wakeAt = at;
    Duration wait = Duration.between(now, at.get());
    wiring
        .mailbox()
        .after(
            wait.isNegative() ? Duration.ZERO : wait,
            () -> {
              if (at.equals(revision.wakeAt)) {
                revision.wakeAt = Optional.empty();
                scale(revision);
              }
            });
  }

  /** Gives all revisions scalers anew: what is set for all has changed. */
  void rescale() {
    for (Revision revision : revisions()) {
      revision.scaler = wiring.scaling().scaler(revision.spec);
      scale(revision);
    }
  }

  private Observation observe(Revision revision) {
    Instant now = wiring.clocks().now();
    LoadSample load = wiring.dataPlane().sample(revision.key());
    revision.arrived += load.arrived();
    int ready = revision.count(Instance.State.READY);
    int starting = revision.starting();
    int waiting = load.waiting();
    List<LoadSecond> seconds = revision.load.add(now, load.averageConcurrency(), load.arrived());
    if (revision.waiting.isPresent() && ready + starting == 0) {
      // The data plane may tell of a request before it counts it.
      waiting = Math.max(1, waiting);
    }
    if (starting > 0 || load.inFlight() + waiting > 0 || load.arrived() > 0) {
      revision.idleSince = now;
    }
    return new Observation(
        now,
        ready,
        starting,
        load.inFlight(),
        waiting,
        seconds,
        revision.idleSince,
        revision.routed,
        revision.isReady());
  }

  /**
   * Wanted whatever the load: its initial scale until a revision has been ready once, and one
   * instance while its starts fail, to find out whether they still do.
   */
  private static int floor(Revision revision) {
    if (!revision.routed) {
      return 0;
    }
    boolean proving = revision.deployment instanceof Deployment.Starting || revision.retrying;
    return proving ? revision.initialScale() : revision.broken && revision.isReady() ? 1 : 0;
  }

  private void grow(
      Revision revision, int missing, Observation seen, String decision, long decidingSince) {
    if (revision.backoff.blocks(seen.now())) {
      refuseIfAlone(revision);
      retryLater(revision);
    } else if (revision.deployment instanceof Deployment.Failed && !revision.retrying) {
      observer.retry(revision);
    } else {
      int most = wiring.settings().limits().instances() - revision.instances.size();
      for (int i = 0; i < Math.min(missing, most); i++) {
        Instance instance = maker.make(revision, decidingSince);
        instance.decision = decision;
        revision.waiting = Optional.empty();
        revision.place(instance);
        starts.add(instance, seen.waiting() > 0);
      }
    }
  }

  /**
   * Tells the requests that wait why they wait in vain, unless an instance may still serve them.
   */
  void refuseIfAlone(Revision revision) {
    if (revision.starting() + revision.count(Instance.State.READY) == 0) {
      revision.waiting = Optional.empty();
      revision.lastFailure.ifPresent(failure -> wiring.dataPlane().refuse(revision.key(), failure));
    }
  }

  /** Looks again once the back-off allows a start. */
  void retryLater(Revision revision) {
    if (revision.retryPlanned || revision.deleted) {
      return;
    }
    revision.retryPlanned = true;
    Duration wait = Duration.between(wiring.clocks().now(), revision.backoff.until());
    wiring
        .mailbox()
        .after(
            wait.compareTo(RETRY_AT_LEAST) > 0 ? wait : RETRY_AT_LEAST,
            () -> {
              revision.retryPlanned = false;
              retryNow(revision);
            });
  }

  private void retryNow(Revision revision) {
    if (revision.deployment instanceof Deployment.Failed && !revision.retrying) {
      if (!revision.deleted && revision.routed) {
        observer.retry(revision);
      }
    } else {
      scale(revision);
    }
  }

  private void shrink(Revision revision, int surplus) {
    revision.forgetRestarts();
    int left = surplus;
    for (Instance queued : revision.in(Instance.State.QUEUED)) {
      if (left > 0 && starts.withdraw(queued)) {
        left--;
        retirement.withdrawn(queued);
      }
    }
    List<RetirementOrder.Candidate> ready =
        revision.in(Instance.State.READY).stream().map(this::candidate).toList();
    if (left > 0 && !ready.isEmpty()) {
      revision.sound();
    }
    for (String id : RetirementOrder.pick(ready, left)) {
      Optional.ofNullable(revision.instances.get(id)).ifPresent(retirement::retire);
    }
  }

  private RetirementOrder.Candidate candidate(Instance instance) {
    return new RetirementOrder.Candidate(
        instance.id, inFlight(instance), instance.lastLoadedAt, instance.readyAt);
  }

  private int inFlight(Instance instance) {
    return wiring.dataPlane().inFlight(instance.revision.key(), instance.id);
  }

  private void keepTicking(Revision revision) {
    if (!revision.ticking) {
      revision.ticking = true;
      wiring
          .mailbox()
          .after(
              TICK,
              () -> {
                revision.ticking = false;
                noteLoads(revision);
                scale(revision);
                care.look(revision);
              });
    }
  }

  private void noteLoads(Revision revision) {
    Instant now = wiring.clocks().now();
    for (Instance instance : revision.in(Instance.State.READY)) {
      if (inFlight(instance) > 0) {
        instance.lastLoadedAt = now;
      }
    }
    revision.forgetOldFailures(now);
  }

  /** Ends all instances of a revision and keeps it from getting new ones. */
  void remove(Revision revision) {
    revision.deleted = true;
    revision.routed = false;
    if (revisions.remove(revision.key(), revision)) {
      wiring.directory().forget(revision.key());
    }
    wiring.dataPlane().endpoints(revision.key(), List.of());
    for (Instance instance : List.copyOf(revision.instances.values())) {
      switch (instance.state) {
        case QUEUED -> {
          starts.withdraw(instance);
          retirement.withdrawn(instance);
        }
        case STARTING -> retirement.cancel(instance);
        case READY -> retirement.retire(instance);
        case DRAINING, STOPPING, STOPPED -> {}
      }
    }
    forgetIfGone(revision);
  }

  private void gone(Instance instance) {
    starts.release();
    care.gone(instance);
    trimLogs(instance.revision);
    forgetIfGone(instance.revision);
  }

  void trimLogs(Revision revision) {
    Set<String> alive = wiring.directory().alive();
    wiring.executor().execute(() -> logs.trim(revision.key(), alive));
  }

  /** A revision that was made again under the same name keeps its place in the data plane. */
  void forgetIfGone(Revision revision) {
    if (revision.deleted
        && revision.instances.isEmpty()
        && !revisions.containsKey(revision.key())) {
      wiring.dataPlane().forget(revision.key());
    }
  }

  void cancelStarts() {
    for (Revision revision : revisions.values()) {
      revision.in(Instance.State.STARTING).forEach(retirement::cancel);
    }
  }

  int startsInFlight() {
    return starts.inFlight();
  }

  /** Counts an instance that was found on the host. */
  void occupy() {
    starts.occupy();
  }

  /** Ends a sandbox that belongs to nothing any more. */
  void dispose(Sandbox sandbox) {
    starts.occupy();
    wiring
        .executor()
        .execute(
            () -> {
              sandbox.stop(wiring.settings().stopGrace());
              wiring.mailbox().post(starts::release);
            });
  }
}
