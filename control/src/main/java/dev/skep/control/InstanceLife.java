package dev.skep.control;

import dev.skep.api.Probe;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.store.EventLog.About;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to instances: ready, failed, ended by themselves, out of reach, adopted. It belongs
 * to the control thread.
 */
final class InstanceLife {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceLife.class);

  private final Wiring wiring;
  private final Fleet fleet;
  private final Retirement retirement;
  private final StartRecords records;
  private final RevisionObserver observer;
  private final InstanceProbes probes;

  InstanceLife(
      Wiring wiring,
      Fleet fleet,
      Retirement retirement,
      StartRecords records,
      RevisionObserver observer) {
    this.wiring = wiring;
    this.fleet = fleet;
    this.retirement = retirement;
    this.records = records;
    this.observer = observer;
    this.probes = new InstanceProbes(wiring, this::readiness, this::dead);
  }

  void startEnded(Instance instance, StartOutcome outcome) {
    switch (outcome) {
      case StartOutcome.Ok ok -> ready(instance);
      case StartOutcome.Failed(StartFailure failure) -> failed(instance, failure);
    }
  }

  private void ready(Instance instance) {
    Revision revision = instance.revision;
    becomeReady(instance);
    records.ended(instance, Optional.empty());
    if (revision.deleted || instance.cancelled.get()) {
      retirement.retire(instance);
      return;
    }
    revision.completeDeployment();
    observer.changed(revision);
    fleet.scale(revision);
    About about = revision.identity.about();
    wiring.tell(events -> events.normal(about, "Started", "Started an instance"));
  }

  private void becomeReady(Instance instance) {
    Revision revision = instance.revision;
    Instant now = wiring.clocks().now();
    instance.readyAt = now;
    instance.lastLoadedAt = now;
    instance.arrivedBefore = revision.arrived;
    revision.idleSince = now;
    wiring.moved(instance, Instance.State.READY);
    if (!revision.deleted) {
      wiring.publishEndpoints(revision);
    }
    instance
        .running()
        .onExit()
        .thenAccept(exit -> wiring.mailbox().post(() -> exited(instance, exit)));
    probes.begin(instance);
  }

  private void failed(Instance instance, StartFailure failure) {
    Revision revision = instance.revision;
    records.ended(instance, Optional.of(failure));
    retirement.withdrawn(instance);
    fleet.trimLogs(revision);
    if (revision.deleted) {
      fleet.forgetIfGone(revision);
    } else if (failure.reason() != Reason.CANCELLED) {
      LOG.warn("start of {} of {} failed: {}", instance.id, revision.key(), failure.message());
      noteFailure(revision, failure);
    }
  }

  /** An end that nobody asked for. */
  private void exited(Instance instance, Exit exit) {
    if (instance.state != Instance.State.READY && instance.state != Instance.State.DRAINING) {
      return;
    }
    Revision revision = instance.revision;
    boolean wasReady = instance.state == Instance.State.READY;
    boolean wasSound = instance.isSound(wiring.clocks().now());
    LOG.warn("instance {} of {} ended: {}", instance.id, revision.key(), exit.message());
    retirement.ended(instance);
    if (revision.deleted) {
      return;
    }
    wiring.publishEndpoints(revision);
    if (wasReady) {
      if (wasSound) {
        revision.backoff.succeeded();
      }
      revision.restarts(instance);
      noteFailure(revision, failure(exit), true);
      fleet.scale(revision);
    }
  }

  private static StartFailure failure(Exit exit) {
    Reason reason = exit.outOfMemory() ? Reason.OUT_OF_MEMORY : Reason.GUEST_EXIT;
    return new StartFailure(
        reason, "the instance ended: " + exit.message(), exit.code(), exit.lastOutput());
  }

  /** A start that failed, or what was needed for it. */
  void noteFailure(Revision revision, StartFailure failure) {
    noteFailure(revision, failure, false);
  }

  /**
   * @param wasAlive after a first crash, who waits gets another instance; after a failed start, the
   *     reason
   */
  private void noteFailure(Revision revision, StartFailure failure, boolean wasAlive) {
    Instant now = wiring.clocks().now();
    revision.backoff.failed(now);
    revision.failedAt = now;
    revision.lastFailure = Optional.of(failure);
    revision.broken = !wasAlive || revision.backoff.failures() > 1;
    if (!revision.isReady()) {
      revision.retrying = false;
      revision.deployment = new Deployment.Failed(failure);
    }
    if (revision.backoff.blocks(now) || !wasAlive) {
      fleet.refuseIfAlone(revision);
    }
    fleet.retryLater(revision);
    observer.changed(revision);
    About about = revision.identity.about();
    wiring.tell(events -> events.warning(about, RevisionReport.reason(failure), failure.message()));
  }

  /** The data plane could not use an instance: it gets no requests until it was looked at. */
  void unreachable(Instance instance, String cause) {
    if (instance.state != Instance.State.READY || instance.suspect) {
      return;
    }
    LOG.info("instance {} of {} is suspect: {}", instance.id, instance.revision.key(), cause);
    instance.suspect = true;
    wiring.publishEndpoints(instance.revision);
    Sandbox sandbox = instance.running();
    wiring
        .executor()
        .execute(
            () -> {
              boolean reached = wiring.prober().ask(sandbox, Probe.onPort()).isEmpty();
              wiring.mailbox().post(() -> looked(instance, reached, cause));
            });
  }

  private void looked(Instance instance, boolean reached, String cause) {
    if (instance.state != Instance.State.READY) {
      return;
    }
    instance.suspect = false;
    if (reached) {
      wiring.publishEndpoints(instance.revision);
      return;
    }
    LOG.warn(
        "instance {} of {} is out of reach and replaced", instance.id, instance.revision.key());
    replace(instance, Duration.ZERO, StartFailure.of(Reason.HOST, "out of reach: " + cause));
  }

  private void replace(Instance instance, Duration grace, StartFailure why) {
    if (instance.isSound(wiring.clocks().now())) {
      instance.revision.backoff.succeeded();
    }
    instance.revision.restarts(instance);
    retirement.stop(instance, grace);
    noteFailure(instance.revision, why, true);
    fleet.scale(instance.revision);
  }

  /** Its readiness probe has changed its mind: one that is not ready gets no new requests. */
  private void readiness(Instance instance, boolean ready) {
    LOG.info(
        "instance {} of {} is {} by its probe",
        instance.id,
        instance.revision.key(),
        ready ? "ready" : "not ready");
    instance.unready = !ready;
    wiring.directory().update(instance);
    wiring.publishEndpoints(instance.revision);
  }

  /** Its liveness probe fails: another takes its place, as a container is restarted. */
  private void dead(Instance instance, String found) {
    LOG.warn(
        "instance {} of {} is replaced: its liveness probe fails: {}",
        instance.id,
        instance.revision.key(),
        found);
    replace(
        instance,
        wiring.settings().stopGrace(),
        StartFailure.of(Reason.GUEST_EXIT, "its liveness probe failed: " + found));
  }

  /** Takes over a sandbox that an earlier daemon made ready for this revision. */
  void adopt(Instance instance, Sandbox sandbox) {
    sandbox.resume();
    instance.sandbox.set(sandbox);
    instance.revision.instances.put(instance.id, instance);
    fleet.occupy();
    becomeReady(instance);
  }
}
