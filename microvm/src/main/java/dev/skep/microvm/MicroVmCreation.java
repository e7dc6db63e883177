package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Cgroups;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.Prefetch;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.pager.PagedGuest;
import dev.skep.snapshot.pager.PagerClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One creation: each step that succeeds says how it is undone, should a later one fail. */
final class MicroVmCreation {
  private static final Logger LOG = LoggerFactory.getLogger(MicroVmCreation.class);
  private static final long MIB = 1 << 20;

  /** In a sandbox's folder: where its VMM meets the pager. */
  private static final String PAGER_SOCKET = "pager.sock";

  /** The guest's kernel, agent and page tables, beyond what the function may use. */
  private static final long GUEST_OVERHEAD = 96 * MIB;

  /** Above all users that distributions and container runtimes hand out. */
  private static final long FIRST_USER = 1_879_100_000L;

  static final List<String> KERNEL_ARGUMENTS =
      List.of(
          "quiet",
          "rdinit=/init",
          "panic=-1",
          "random.trust_cpu=on",
          // a sixth of a boot under TCG would go into testing ciphers that no guest uses
          "cryptomgr.notests");

  private final MicroVmConfig config;
  private final SandboxHost host;
  private final Supplier<BootParts> parts;
  private final Deque<Runnable> undo = new ArrayDeque<>();

  MicroVmCreation(MicroVmConfig config, SandboxHost host, Supplier<BootParts> parts) {
    this.config = config;
    this.host = host;
    this.parts = parts;
  }

  MicroVmSandbox run(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    try {
      checkImage(spec.rootImage());
      checkMemory(spec.resources().memoryBytes());
      BootParts boot = parts.get();
      phases.enter(Phase.NET_SETUP);
      Network network = host.networks().acquire(spec.network(), spec.readyTimeout());
      undo.push(() -> host.networks().release(network, spec.network()));
      phases.enter(Phase.SANDBOX_CREATE);
      return run(spec, plan, phases, network, boot);
    } catch (RuntimeException e) {
      undo.forEach(MicroVmCreation::tryUndo);
      throw e;
    }
  }

  private MicroVmSandbox run(
      SandboxSpec spec, StartPlan plan, PhaseRecorder phases, Network network, BootParts boot) {
    SandboxFolder folder = SandboxFolder.create(config.sandboxes(), spec);
    undo.push(() -> Folders.delete(folder.path()));
    folder.save(new SandboxFolder.HostPart(network.slot(), 0, 0, false));
    folder.giveTo(user(network));
    VmConfig machine = machine(spec, network, boot, folder.path());
    host.cgroups().ifPresent(groups -> join(groups, spec, machine, boot.vmm()));
    var bell = host.doorbell().watch(folder.path());
    undo.push(() -> host.doorbell().forget(folder.path()));
    Started started =
        switch (plan) {
          case StartPlan.Boot() -> new Started(boot.vmm().boot(machine), Optional.empty());
          case StartPlan.Restore restore -> {
            phases.enter(Phase.SNAPSHOT_LOAD);
            yield restore(restore, machine, boot.vmm());
          }
        };
    Vm vm = started.vm();
    undo.push(vm::kill);
    long ticks = HostProcess.startTicks(vm.pid()).orElse(0);
    boolean paged = started.pager().isPresent();
    folder.save(new SandboxFolder.HostPart(network.slot(), vm.pid(), ticks, paged));
    var sandbox = new MicroVmSandbox(plan, spec, folder, network, vm, host, bell);
    started.pager().ifPresent(sandbox::servedBy);
    return sandbox;
  }

  private record Started(Vm vm, Optional<PagerClient> pager) {}

  private Started restore(StartPlan.Restore plan, VmConfig machine, Vmm vmm) {
    return switch (plan.paging()) {
      case FILE -> mapped(vmm, machine, plan);
      case PREFETCH -> {
        RecordedPages recorded =
            RecordedPages.read(
                plan.snapshot().resolve(SnapshotFiles.WORKING_SET),
                plan.snapshot().resolve(SnapshotFiles.WORKING_SET_PAGES));
        var _ = Prefetch.start(memory(plan), recorded.set());
        yield mapped(vmm, machine, plan);
      }
      case LAZY -> paged(vmm, machine, plan, Optional.empty());
      case REAP, REMOTE -> paged(vmm, machine, plan, Optional.of(plan.snapshot()));
    };
  }

  private static Path memory(StartPlan.Restore plan) {
    return plan.snapshot().resolve(SnapshotFiles.MEMORY);
  }

  private static Started mapped(Vmm vmm, VmConfig machine, StartPlan.Restore plan) {
    var memory = new VmSnapshot.Memory.Mapped(memory(plan));
    return new Started(vmm.restore(machine, snapshot(plan, memory)), Optional.empty());
  }

  /**
   * @param recorded folder of the working set to install
   */
  private Started paged(
      Vmm vmm, VmConfig machine, StartPlan.Restore plan, Optional<Path> recorded) {
    PagerClient pager = host.pager().client();
    pager.serve(
        new PagedGuest(
            machine.id(),
            machine.folder().resolve(PAGER_SOCKET),
            machine.user(),
            memory(plan),
            machine.memoryBytes(),
            recorded.map(folder -> folder.resolve(SnapshotFiles.WORKING_SET)),
            recorded.map(folder -> folder.resolve(SnapshotFiles.WORKING_SET_PAGES)),
            plan.record()));
    undo.push(() -> pager.forget(machine.id()));
    var memory = new VmSnapshot.Memory.Paged(PAGER_SOCKET);
    try {
      return new Started(vmm.restore(machine, snapshot(plan, memory)), Optional.of(pager));
    } catch (SkepException e) {
      String reason = HostPager.whyEnded(pager, machine.id(), String.valueOf(e.getMessage()));
      throw new SkepException(e.code(), reason, e);
    }
  }

  private static VmSnapshot snapshot(StartPlan.Restore plan, VmSnapshot.Memory memory) {
    return new VmSnapshot(plan.snapshot().resolve(SnapshotFiles.STATE), memory);
  }

  private void join(Cgroups groups, SandboxSpec spec, VmConfig machine, Vmm vmm) {
    undo.push(() -> groups.remove(spec.id()));
    double cpus = spec.resources().cpus();
    // whole CPUs are limited by their number in the guest
    double limit = cpus == spec.resources().vcpus() ? 0 : cpus;
    groups.create(
        spec.id(), new Cgroups.Limits(machine.memoryBytes() + vmm.overheadBytes(), limit));
  }

  private VmConfig machine(SandboxSpec spec, Network network, BootParts boot, Path folder) {
    return new VmConfig(
        spec.id(),
        folder,
        spec.resources().vcpus(),
        guestBytes(spec.resources().memoryBytes()),
        boot.kernel(),
        boot.initrd(),
        KERNEL_ARGUMENTS,
        spec.rootImage(),
        new VmConfig.VmNetwork(network.namespaceFile(), Network.TAP, Network.GUEST_MAC),
        user(network),
        host.cgroups().map(groups -> groups.joinFiles(spec.id())).orElse(List.of()));
  }

  /** Whole mebibytes; the page table of the kernel grows with the memory. */
  static long guestBytes(long functionBytes) {
    long bytes = functionBytes + functionBytes / 64 + GUEST_OVERHEAD;
    return (bytes + MIB - 1) / MIB * MIB;
  }

  private static long user(Network network) {
    return FIRST_USER + network.slot();
  }

  private static void checkImage(Path image) {
    if (!Files.isReadable(image)) {
      throw new SkepException(
          Code.NOT_FOUND, "root image " + image + ": cannot be read (expected: an EROFS file)");
    }
  }

  private static void checkMemory(long wanted) {
    long host = HostProcess.hostMemoryBytes();
    if (guestBytes(wanted) > host) {
      throw new SkepException(
          Code.EXHAUSTED,
          "memory: "
              + (wanted >> 20)
              + " MiB asked, this host has "
              + (host >> 20)
              + " MiB in all");
    }
  }

  private static void tryUndo(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      LOG.error("A failed creation left something behind: {}", e.getMessage(), e);
    }
  }
}
