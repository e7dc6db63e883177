package dev.skep.control;

import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.policy.SnapshotPolicy;
import dev.skep.sandbox.PagedMemory;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxRuntimes;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.Draft;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.Prefetch;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotKey;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.snapshot.WorkingSet;
import dev.skep.snapshot.pager.Calibrator;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what the policy says about snapshots: plans starts, takes snapshots, has working sets
 * recorded. All of it blocks; safe for several threads.
 */
final class Snapshots {
  private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);

  /**
   * How a start goes.
   *
   * @param lease on the snapshot that it restores; whoever has the plan closes it
   * @param reason in words
   */
  record Planned(StartPlan plan, Optional<Lease> lease, String reason) {
    static Planned boot(String reason) {
      return new Planned(new StartPlan.Boot(), Optional.empty(), reason);
    }

    /** For the start's record: {@code boot}, or how the memory comes. */
    String kind() {
      return switch (plan) {
        case StartPlan.Boot() -> "boot";
        case StartPlan.Restore restore -> restore.paging().name().toLowerCase(Locale.ROOT);
      };
    }

    void release() {
      lease.ifPresent(Lease::close);
    }
  }

  private static final SnapshotPolicy.Host UNASKED =
      new SnapshotPolicy.Host(false, Optional.empty());

  private final SandboxRuntimes runtimes;
  private final SnapshotStore store;
  private final RemoteSnapshots remote;
  private final Calibrator calibrator;

  Snapshots(
      SandboxRuntimes runtimes,
      SnapshotStore store,
      RemoteSnapshots remote,
      Calibrator calibrator) {
    this.runtimes = runtimes;
    this.store = store;
    this.remote = remote;
    this.calibrator = calibrator;
  }

  /** Never throws: what goes wrong is a boot. */
  Planned plan(SandboxRuntime runtime, SandboxSpec spec, SnapshotPolicy policy) {
    Optional<Lease> lease = Optional.empty();
    String elsewhere = "";
    try {
      Optional<SnapshotKey> key = runtime.snapshotKey(spec).map(SnapshotKey::new);
      lease = key.flatMap(store::find);
      if (key.isPresent() && lease.isEmpty() && policy.restores()) {
        elsewhere = bring(runtime, key.get(), spec);
        lease = store.find(key.get());
      }
      // a runtime may have to ask others what it can do, and without a snapshot it does not matter
      SnapshotPolicy.Host host = lease.isPresent() ? host(runtime) : UNASKED;
      SnapshotPolicy.Choice choice = policy.choose(source(lease), host);
      if (choice.plan() == SnapshotPolicy.Plan.BOOT || lease.isEmpty()) {
        lease.ifPresent(Lease::close);
        return Planned.boot(choice.reason() + elsewhere);
      }
      Paging paging = Paging.valueOf(choice.plan().name());
      var plan = new StartPlan.Restore(lease.get().folder(), paging, choice.records());
      return new Planned(plan, lease, choice.reason());
    } catch (SkepException e) {
      LOG.warn("snapshots are left out of a start of {}: {}", spec.id(), e.getMessage());
      lease.ifPresent(Lease::close);
      return Planned.boot("snapshots cannot be used: " + e.getMessage());
    }
  }

  /** Why there is none of another host either, in words to be added; empty if it is here now. */
  private String bring(SandboxRuntime runtime, SnapshotKey key, SandboxSpec spec) {
    return switch (remote.bring(key, spec.imageDigest(), runtime.capabilities().detail())) {
      case RemoteSnapshots.Found.Here() -> "";
      case RemoteSnapshots.Found.NotHere(String reason) -> reason.isEmpty() ? "" : "; " + reason;
    };
  }

  private SnapshotPolicy.Host host(SandboxRuntime runtime) {
    return new SnapshotPolicy.Host(
        runtime.capabilities().features().contains("pager"),
        calibrator
            .known()
            .map(known -> new SnapshotPolicy.Measured(known.prefetch(), known.reap())));
  }

  private static SnapshotPolicy.Source source(Optional<Lease> lease) {
    if (lease.isEmpty()) {
      return new SnapshotPolicy.Source.Absent();
    }
    Optional<Manifest.RecordedSet> set = lease.get().manifest().workingSet();
    if (!lease.get().whole()) {
      return new SnapshotPolicy.Source.Remote(
          set.map(recorded -> OptionalInt.of(recorded.pages())).orElse(OptionalInt.empty()),
          lease.get().claimRecording());
    }
    return set.<SnapshotPolicy.Source>map(
            recorded -> new SnapshotPolicy.Source.Recorded(recorded.pages()))
        .orElseGet(() -> new SnapshotPolicy.Source.Ready(lease.get().claimRecording()));
  }

  /** The restore did not work: nobody is to try this snapshot again. */
  void failed(Planned planned, StartFailure why) {
    planned
        .lease()
        .map(Lease::manifest)
        .ifPresent(
            manifest -> {
              remote.distrust(manifest.key());
              store.retire(manifest.id(), why.message());
            });
    planned.release();
  }

  /** Whether there is a snapshot now, taken here or by somebody else before. */
  boolean take(Sandbox sandbox, RevisionKey revision, String service) {
    SandboxSpec spec = sandbox.spec();
    Optional<SandboxRuntime> runtime = runtimes.find(SandboxSpecs.kind(spec));
    Optional<SnapshotKey> key = runtime.flatMap(of -> of.snapshotKey(spec)).map(SnapshotKey::new);
    if (key.isEmpty() || exists(key.get())) {
      return true;
    }
    long begun = System.nanoTime();
    try (Draft draft = store.draft(key.get())) {
      Duration pause = sandbox.snapshot(draft.folder());
      var facts =
          Manifest.Facts.here(
              revision.namespace(),
              service,
              revision.name(),
              spec.imageDigest(),
              runtime.orElseThrow().capabilities().detail(),
              pause);
      draft.publish(facts);
      remote.published(draft.id());
      LOG.info(
          "snapshot {} of {} taken in {} ms; instance {} stood still for {} ms",
          draft.id(),
          revision,
          (System.nanoTime() - begun) / 1_000_000,
          spec.id(),
          pause.toMillis());
      return true;
    } catch (SkepException e) {
      LOG.warn("no snapshot of {} was taken: {}", revision, e.getMessage());
      return false;
    }
  }

  private boolean exists(SnapshotKey key) {
    Optional<Lease> there = store.find(key);
    there.ifPresent(Lease::close);
    return there.isPresent();
  }

  /** Whether the set that was installed has left the guest waiting for too many other pages. */
  boolean isStale(Sandbox sandbox, Planned planned) {
    calibrator.begin(); // an earlier daemon recorded the set, on another kernel perhaps
    try {
      Optional<PagedMemory> memory = sandbox.pagedMemory();
      Optional<Manifest.RecordedSet> set =
          planned.lease().flatMap(lease -> lease.manifest().workingSet());
      return memory.isPresent()
          && set.isPresent()
          && SnapshotPolicy.isStale(memory.get().demandFaults(), set.get().pages());
    } catch (SkepException e) {
      LOG.debug("not known whether a working set is stale: {}", e.getMessage());
      return false;
    }
  }

  /** The next restore records anew; not now if others are using the set: they judge it too. */
  void forgetWorkingSet(Planned planned) {
    planned
        .lease()
        .map(lease -> lease.manifest().id())
        .ifPresent(
            id -> {
              try {
                store.forgetWorkingSet(id);
                LOG.info("snapshot {}: its working set is stale and will be recorded anew", id);
              } catch (SkepException e) {
                LOG.debug("{}", e.getMessage());
              }
            });
  }

  /** What the restore touched so far becomes the snapshot's working set. */
  void record(Sandbox sandbox, Lease lease) {
    Manifest manifest = lease.manifest();
    try {
      int pages = sandbox.recordTo(lease.folder());
      store.recorded(manifest.id(), pages, (long) pages * WorkingSet.PAGE_BYTES);
      remote.published(manifest.id());
      LOG.info("snapshot {}: working set of {} pages recorded", manifest.id(), pages);
    } catch (SkepException e) {
      LOG.warn("snapshot {}: no working set was recorded: {}", manifest.id(), e.getMessage());
      return;
    }
    layOut(manifest.id());
    calibrator.begin();
  }

  /** What later starts read ahead lies side by side on the disk then; a set is as good without. */
  private void layOut(String id) {
    var work =
        Thread.ofPlatform()
            .name("layout")
            .daemon()
            .start(
                () -> {
                  try (Lease lease = store.hold(id)) {
                    LOG.debug("snapshot {}: {} bytes laid out anew", id, Prefetch.layOut(lease));
                  } catch (SkepException e) {
                    LOG.info("snapshot {} stays as it lies on the disk: {}", id, e.getMessage());
                  }
                });
    try {
      work.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
