package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.telemetry.RequestIds;
import dev.skep.telemetry.WaitedRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane without its thread: whoever calls {@link #runNext} owns all its state. The
 * daemon gives it a thread, a simulation calls it on a virtual clock.
 */
final class ControlLoop {
  private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);
  private static final Duration RESYNC = Duration.ofSeconds(30);

  private final ControlPlane.Parts parts;
  private final LogFolder logs;
  private final Wiring wiring;
  private final StoreWriter writer;
  private final InstanceMaker maker;
  private final Services services;

  ControlLoop(
      ControlPlane.Parts parts,
      Mailbox mailbox,
      InstanceDirectory directory,
      DataPlane dataPlane,
      Prober prober) {
    this.parts = parts;
    this.logs = new LogFolder(parts.settings().logs(), parts.settings().logsPerRevision());
    this.wiring =
        new Wiring(
            parts.clocks(),
            mailbox,
            parts.settings(),
            dataPlane,
            parts.executor(),
            directory,
            prober,
            new Scaling(parts.policies()));
    this.writer = new StoreWriter(parts.store(), parts.clocks(), parts.executor());
    this.maker = new InstanceMaker(parts.clocks(), parts.random());
    this.services = new Services(wiring, parts.store(), parts.images(), writer, this::fleet);
  }

  private Fleet fleet(RevisionObserver observer) {
    var snapshots =
        new Snapshots(parts.runtimes(), parts.snapshots(), parts.remote(), parts.calibrator());
    var starter =
        new Starter(
            parts.store(),
            parts.runtimes(),
            parts.images(),
            snapshots,
            logs,
            parts.claims(),
            HostName.here(),
            new ProgressDeadline(parts.store(), parts.settings().progressDeadline()));
    var records = new StartRecords(parts.clocks(), parts.coldStarts());
    return new Fleet(
        wiring,
        starter,
        new SnapshotCare(wiring, snapshots),
        logs,
        maker,
        records,
        parts.metrics(),
        observer);
  }

  /** Takes over what an earlier daemon left, then compares everything once. */
  void begin() {
    wiring.scaling().read(parts.store());
    services.restore();
    parts.runtimes().all().forEach(this::adopt);
    services.reconcileAll();
    sweepLogs();
    planResync();
  }

  private void sweepLogs() {
    Set<String> alive = wiring.directory().alive();
    Instant now = wiring.clocks().now();
    wiring.executor().execute(() -> logs.sweep(alive, now));
  }

  private void adopt(SandboxRuntime runtime) {
    for (Sandbox sandbox : runtime.adopt()) {
      if (sandbox.spec().labels().containsKey(SandboxSpecs.POD)) {
        parts.pods().accept(sandbox);
        continue;
      }
      SandboxSpecs.Owner owner = SandboxSpecs.owner(sandbox.spec().labels());
      Optional<Revision> revision =
          services
              .fleet()
              .find(owner.revision())
              .filter(found -> found.identity.serviceUid().equals(owner.serviceUid()))
              .filter(_ -> isUsable(sandbox));
      if (revision.isPresent()) {
        Instance instance = maker.adopted(revision.get(), sandbox.id(), owner);
        services.fleet().life().adopt(instance, sandbox);
        LOG.info("adopted instance {} of {}", sandbox.id(), owner.revision());
      } else {
        LOG.info("stopping instance {} of {}: not wanted", sandbox.id(), owner.revision());
        services.fleet().dispose(sandbox);
      }
    }
  }

  private static boolean isUsable(Sandbox sandbox) {
    return switch (sandbox.state()) {
      case READY, PAUSED -> true;
      case CREATED, STARTING, STOPPED -> false;
    };
  }

  private void planResync() {
    wiring
        .mailbox()
        .after(
            RESYNC,
            () -> {
              services.reconcileAll();
              sweepLogs();
              planResync();
            });
  }

  /** Something may have changed what is set for all revisions: their scalers begin anew. */
  void reconfigure() {
    if (wiring.scaling().read(parts.store())) {
      LOG.info("config-autoscaler has changed");
      services.fleet().rescale();
    }
  }

  void reconcile(ServiceState.Name name) {
    services.reconcile(name);
  }

  void reconcileAll() {
    services.reconcileAll();
  }

  Services services() {
    return services;
  }

  void flush(Duration longest) throws InterruptedException {
    writer.flush(longest.toMillis());
  }

  /** Does the next thing that is due; false when there was none. */
  boolean runNext() {
    Runnable next = wiring.mailbox().poll();
    if (next == null) {
      return false;
    }
    run(next);
    return true;
  }

  /** As {@link #runNext}, but waits for it. */
  void awaitNext() throws InterruptedException {
    run(wiring.mailbox().take());
  }

  /** A defect in one reconciliation must not stop the others: the resync tries it again. */
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException defect) {
      LOG.error("the control thread goes on after a defect", defect);
    }
  }

  /** Ends what is starting: the next daemon could not adopt it. */
  void cancelStarts() {
    services.fleet().cancelStarts();
  }

  void parked(RevisionKey revision, RequestIds ids, long arrivedNanos) {
    services.fleet().poke(revision, new Revision.Waiting(ids, arrivedNanos));
  }

  private record ServedBy(String instance) {}

  private void served(RevisionKey revision, String instance) {
    services
        .fleet()
        .find(revision)
        .map(known -> known.instances.get(instance))
        .ifPresent(found -> found.servedItsRequest = true);
  }

  void unreachable(RevisionKey revision, String instance, String cause) {
    @Nullable Instance found =
        services.fleet().find(revision).map(known -> known.instances.get(instance)).orElse(null);
    if (found != null) {
      services.fleet().life().unreachable(found, cause);
    }
  }

  /** On the caller's thread, but for what belongs to the control thread. */
  void served(DataPlaneListener.Served served) {
    wiring
        .mailbox()
        .postOnce(
            new ServedBy(served.instance()), () -> served(served.revision(), served.instance()));
    parts
        .coldStarts()
        .served(
            served.instance(),
            new WaitedRequest(
                served.ids(),
                served.arrivedNanos(),
                served.dispatchedNanos(),
                served.firstByteNanos(),
                served.doneNanos()));
  }
}
