package dev.skep.control;

import dev.skep.policy.SnapshotPolicy;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.Lease;
import java.time.Duration;
import java.util.Optional;

/**
 * Looks for the moment at which an instance is to be snapshotted, or the working set of a restored
 * one is complete: it has answered and no request is in it. It belongs to the control thread.
 */
final class SnapshotCare {
  /** After a snapshot that could not be taken. */
  private static final Duration RETRY = Duration.ofMinutes(1);

  /** Whether there is one is asked when it is taken: that means to look at files. */
  private static final SnapshotPolicy.Source NONE = new SnapshotPolicy.Source.Absent();

  private final Wiring wiring;
  private final Snapshots snapshots;

  SnapshotCare(Wiring wiring, Snapshots snapshots) {
    this.wiring = wiring;
    this.snapshots = snapshots;
  }

  /** Once a second while the revision has instances. */
  void look(Revision revision) {
    for (Instance instance : revision.in(Instance.State.READY)) {
      boolean atRest = wiring.dataPlane().inFlight(revision.key(), instance.id) == 0;
      if (atRest && instance.answers() > 0 && !instance.caredFor) {
        look(instance);
      }
    }
  }

  private void look(Instance instance) {
    Revision revision = instance.revision;
    switch (instance.planned.plan()) {
      case StartPlan.Boot() -> {
        boolean due =
            !revision.snapshotting && !wiring.clocks().now().isBefore(revision.snapshotRetryAt);
        if (due && revision.snapshots.wantsSnapshot(instance.answers(), NONE)) {
          take(instance);
        }
      }
      case StartPlan.Restore(_, Paging paging, boolean record) -> {
        instance.caredFor = true;
        if (record) {
          record(instance);
        } else if (paging == Paging.REAP || paging == Paging.REMOTE) {
          judge(instance);
        }
      }
    }
  }

  private void take(Instance instance) {
    Revision revision = instance.revision;
    Sandbox sandbox = instance.running();
    revision.snapshotting = true;
    wiring
        .executor()
        .execute(
            () -> {
              boolean there =
                  snapshots.take(sandbox, revision.key(), revision.identity.application());
              wiring.mailbox().post(() -> taken(instance, there));
            });
  }

  private void taken(Instance instance, boolean there) {
    Revision revision = instance.revision;
    revision.snapshotting = false;
    instance.caredFor = there;
    if (!there) {
      revision.snapshotRetryAt = wiring.clocks().now().plus(RETRY);
    }
  }

  private void record(Instance instance) {
    Sandbox sandbox = instance.running();
    Optional<Lease> lease = instance.planned.lease();
    wiring.executor().execute(() -> lease.ifPresent(held -> snapshots.record(sandbox, held)));
  }

  private void judge(Instance instance) {
    Sandbox sandbox = instance.running();
    Snapshots.Planned planned = instance.planned;
    wiring
        .executor()
        .execute(
            () -> {
              boolean stale = snapshots.isStale(sandbox, planned);
              wiring.mailbox().post(() -> instance.stale = stale);
            });
  }

  /** Nothing of the instance is left: its snapshot may go too. */
  void gone(Instance instance) {
    Snapshots.Planned planned = instance.planned;
    boolean stale = instance.stale;
    wiring
        .executor()
        .execute(
            () -> {
              planned.release();
              if (stale) {
                snapshots.forgetWorkingSet(planned);
              }
            });
  }
}
