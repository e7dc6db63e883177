package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.Prefetch;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedGuest;
import dev.skep.snapshot.pager.PagerClient;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A machine in its place, whose VMM has the snapshot's memory and waits for its state.
 *
 * @param pager that serves the memory, if one does
 */
record Restoration(MachinePlace place, WaitingVm waiting, Optional<PagerClient> pager) {
  /** In a machine's folder: where its VMM meets the pager. */
  private static final String PAGER_SOCKET = "pager.sock";

  /** Starts the VMM; what that takes is undone with the place. */
  static Restoration begin(MachinePlace place, StartPlan.Restore plan, Vmm vmm, HostPager pagers) {
    return switch (plan.paging()) {
      case FILE, PREFETCH ->
          begin(place, plan, vmm, new VmSnapshot.Memory.Mapped(memory(plan)), Optional.empty());
      case LAZY, REAP, REMOTE -> {
        PagerClient pager = pagers.client();
        pager.serve(guest(place.machine(), plan));
        place.undoneBy(() -> pager.forget(place.machine().id()));
        var memory = new VmSnapshot.Memory.Paged(PAGER_SOCKET);
        yield begin(place, plan, vmm, memory, Optional.of(pager));
      }
    };
  }

  private static Restoration begin(
      MachinePlace place,
      StartPlan.Restore plan,
      Vmm vmm,
      VmSnapshot.Memory memory,
      Optional<PagerClient> pager) {
    var snapshot = new VmSnapshot(plan.snapshot().resolve(SnapshotFiles.STATE), memory);
    WaitingVm waiting = vmm.prepare(place.machine(), snapshot);
    place.undoneBy(waiting.vm()::kill);
    return new Restoration(place, waiting, pager);
  }

  /** Begins to read ahead where that is the plan. */
  static void readAhead(StartPlan.Restore plan) {
    if (plan.paging() == Paging.PREFETCH) {
      RecordedPages recorded =
          RecordedPages.read(
              plan.snapshot().resolve(SnapshotFiles.WORKING_SET),
              plan.snapshot().resolve(SnapshotFiles.WORKING_SET_PAGES));
      var _ = Prefetch.start(memory(plan), recorded.set());
    }
  }

  /** Whether its state can still be loaded. */
  boolean usable() {
    return !waiting.vm().onExit().isDone()
        && pager.map(serving -> !serving.lost().isDone()).orElse(true);
  }

  /** As {@link WaitingVm#load}; where the pager has ended it, with the pager's words. */
  Vm load() {
    try {
      return waiting.load();
    } catch (SkepException e) {
      String why = String.valueOf(e.getMessage());
      String name = place.machine().id();
      throw new SkepException(
          e.code(), pager.map(serving -> HostPager.whyEnded(serving, name, why)).orElse(why), e);
    }
  }

  private static PagedGuest guest(VmConfig machine, StartPlan.Restore plan) {
    Optional<Path> recorded =
        plan.paging() == Paging.LAZY ? Optional.empty() : Optional.of(plan.snapshot());
    return new PagedGuest(
        machine.id(),
        machine.folder().resolve(PAGER_SOCKET),
        machine.user(),
        memory(plan),
        machine.memoryBytes(),
        recorded.map(folder -> folder.resolve(SnapshotFiles.WORKING_SET)),
        recorded.map(folder -> folder.resolve(SnapshotFiles.WORKING_SET_PAGES)),
        plan.record());
  }

  private static Path memory(StartPlan.Restore plan) {
    return plan.snapshot().resolve(SnapshotFiles.MEMORY);
  }
}
