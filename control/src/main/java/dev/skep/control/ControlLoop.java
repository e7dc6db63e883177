package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import dev.skep.telemetry.RequestIds;
import dev.skep.telemetry.WaitedRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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

  /** Kinds of which every change is to be told. */
  static final List<ResourceKind> KINDS =
      List.of(
          ResourceKind.KNATIVE_SERVICE,
          ResourceKind.CONFIGURATION,
          ResourceKind.REVISION,
          ResourceKind.ROUTE,
          ResourceKind.SERVICE,
          ResourceKind.DOMAIN_MAPPING,
          ResourceKind.SECRET);

  private final ControlPlane.Parts parts;
  private final LogFolder logs;
  private final Wiring wiring;
  private final StoreWriter writer;
  private final InstanceMaker maker;
  private final Reconcilers reconcilers;

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
            new Scaling(parts.policies()),
            parts.events());
    this.writer = new StoreWriter(parts.store(), parts.events(), parts.clocks(), parts.executor());
    this.maker = new InstanceMaker(parts.clocks(), parts.random());
    this.reconcilers =
        new Reconcilers(wiring, new Owners(parts.store()), parts.images(), writer, this::fleet);
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
    readNaming();
    readConfiguration();
    reconcilers.restore();
    parts.runtimes().all().forEach(this::adopt);
    reconcilers.reconcileAll();
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
          reconcilers
              .fleet()
              .find(owner.revision())
              .filter(found -> found.identity.ownerUid().equals(owner.uid()))
              .filter(_ -> isUsable(sandbox));
      if (revision.isPresent()) {
        Instance instance = maker.adopted(revision.get(), sandbox.id(), owner);
        reconcilers.fleet().life().adopt(instance, sandbox);
        LOG.info("adopted instance {} of {}", sandbox.id(), owner.revision());
      } else {
        LOG.info("stopping instance {} of {}: not wanted", sandbox.id(), owner.revision());
        reconcilers.fleet().dispose(sandbox);
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
              reconcilers.resync();
              sweepLogs();
              planResync();
            });
  }

  /** Something may have changed what is set for all revisions, or for all routes. */
  void reconfigure() {
    if (readNaming()) {
      LOG.info("names or ways of routes have changed");
      reconcilers.resync();
    }
    if (readConfiguration()) {
      LOG.info("config-autoscaler has changed");
      reconcilers.fleet().rescale();
    }
  }

  /** Whether it has changed; one that cannot be read changes nothing. */
  private boolean readNaming() {
    try {
      return reconcilers.nameBy(
          Naming.of(
              KnativeSettings.read(parts.store(), "config-domain"),
              KnativeSettings.read(parts.store(), "config-network"),
              KnativeSettings.read(parts.store(), "config-features"),
              wiring.settings().domain()));
    } catch (SkepException invalid) {
      LOG.error("ConfigMaps of names are not used: {}", invalid.getMessage());
      return false;
    }
  }

  /** Whether scaling has changed. */
  private boolean readConfiguration() {
    reconcilers.collectBy(RevisionGc.read(parts.store()));
    return wiring.scaling().read(parts.store());
  }

  /**
   * The object of a change that is to be compared. Of core Services, those alone that stand for a
   * route. Statuses are what this writes itself; one that somebody else has written is put right at
   * the next resync.
   */
  static Optional<ApiObject> news(ResourceKind kind, ResourceStore.Event event) {
    return event.statusOnly()
        ? Optional.empty()
        : Optional.of(event.object())
            .filter(
                object ->
                    !kind.equals(ResourceKind.SERVICE) || object.labels().containsKey(Keys.ROUTE));
  }

  /** An object of one of the {@link #KINDS} was made, changed or deleted. */
  void changed(ResourceKind kind, ApiObject object) {
    reconcilers.changed(kind, object);
  }

  void reconcileAll() {
    reconcilers.reconcileAll();
  }

  Reconcilers reconcilers() {
    return reconcilers;
  }

  void flush(Duration longest) throws InterruptedException {
    writer.flush(longest.toMillis());
  }

  /** Does the next thing that is due; false when there was none. */
  boolean runNext() {
    return wiring.mailbox().runNext();
  }

  /** As {@link #runNext}, but waits for it. */
  void awaitNext() throws InterruptedException {
    wiring.mailbox().awaitNext();
  }

  /** Ends what is starting: the next daemon could not adopt it. */
  void cancelStarts() {
    reconcilers.fleet().cancelStarts();
  }

  void parked(RevisionKey revision, RequestIds ids, long arrivedNanos) {
    reconcilers.fleet().poke(revision, new Revision.Waiting(ids, arrivedNanos));
  }

  private record ServedBy(String instance) {}

  private void served(RevisionKey revision, String instance) {
    reconcilers
        .fleet()
        .find(revision)
        .map(known -> known.instances.get(instance))
        .ifPresent(found -> found.servedItsRequest = true);
  }

  void unreachable(RevisionKey revision, String instance, String cause) {
    @Nullable Instance found =
        reconcilers.fleet().find(revision).map(known -> known.instances.get(instance)).orElse(null);
    if (found != null) {
      reconcilers.fleet().life().unreachable(found, cause);
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
