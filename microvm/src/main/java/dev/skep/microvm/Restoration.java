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
import java.util.concurrent.CompletableFuture;

/**
 * A machine in its place whose VMM waits: for the state of a snapshot whose memory it has, or for
 * any snapshot of its size.
 */
final class Restoration implements IdleVms.Idle {
  /** In a machine's folder: where its VMM meets the pager. */
  private static final String PAGER_SOCKET = "pager.sock";

  private final MachinePlace place;
  private final HostPager pagers;
  private final WaitingVm waiting;
  private final boolean bound;
  private Optional<PagerClient> pager;

  private Restoration(
      MachinePlace place,
      HostPager pagers,
      WaitingVm waiting,
      boolean bound,
      Optional<PagerClient> pager) {
    this.place = place;
    this.pagers = pagers;
    this.waiting = waiting;
    this.bound = bound;
    this.pager = pager;
  }

  /** Starts the VMM; what that takes is undone with the place. */
  static Restoration begin(MachinePlace place, StartPlan.Restore plan, Vmm vmm, HostPager pagers) {
    boolean bound = !vmm.waitsForAny();
    Optional<PagerClient> pager = bound ? serve(place, plan, pagers) : Optional.empty();
    WaitingVm waiting = vmm.prepare(place.machine(), snapshot(plan, place.machine().drive()));
    place.undoneBy(waiting.vm()::kill);
    return new Restoration(place, pagers, waiting, bound, pager);
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

  MachinePlace place() {
    return place;
  }

  /** That serves the memory, if one does. */
  Optional<PagerClient> pager() {
    return pager;
  }

  @Override
  public String name() {
    return place.machine().id();
  }

  @Override
  public boolean usable() {
    return !onExit().isDone() && pager.map(serving -> !serving.lost().isDone()).orElse(true);
  }

  @Override
  public CompletableFuture<String> onExit() {
    return waiting.vm().onExit();
  }

  @Override
  public void leave() {
    place.leave();
  }

  /**
   * As {@link WaitingVm#load}; where the pager has ended it, with the pager's words.
   *
   * @param plan what it was begun for, unless its VMM waits for any
   */
  Vm load(StartPlan.Restore plan, Path drive) {
    if (!bound) {
      pager = serve(place, plan, pagers);
    }
    try {
      return waiting.load(snapshot(plan, drive));
    } catch (SkepException e) {
      String why = String.valueOf(e.getMessage());
      throw new SkepException(
          e.code(), pager.map(serving -> HostPager.whyEnded(serving, name(), why)).orElse(why), e);
    }
  }

  /** The pager that serves the memory from now on, unless it is mapped. */
  private static Optional<PagerClient> serve(
      MachinePlace place, StartPlan.Restore plan, HostPager pagers) {
    return switch (plan.paging()) {
      case FILE, PREFETCH -> Optional.empty();
      case LAZY, REAP, REMOTE -> {
        PagerClient pager = pagers.client();
        pager.serve(guest(place.machine(), plan));
        place.undoneBy(() -> pager.forget(place.machine().id()));
        yield Optional.of(pager);
      }
    };
  }

  private static VmSnapshot snapshot(StartPlan.Restore plan, Path drive) {
    VmSnapshot.Memory memory =
        switch (plan.paging()) {
          case FILE, PREFETCH -> new VmSnapshot.Memory.Mapped(memory(plan));
          case LAZY, REAP, REMOTE -> new VmSnapshot.Memory.Paged(PAGER_SOCKET);
        };
    return new VmSnapshot(drive, plan.snapshot().resolve(SnapshotFiles.STATE), memory);
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
