package dev.skep.microvm;

import dev.skep.api.Resources;
import dev.skep.host.Folders;
import dev.skep.host.Network;
import dev.skep.host.SandboxFolder;
import dev.skep.linux.Cgroups;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one machine has on the host: network, folder, cgroup, and later more. Each step says how it
 * is undone.
 */
final class MachinePlace {
  private static final Logger LOG = LoggerFactory.getLogger(MachinePlace.class);
  private static final long MIB = 1 << 20;

  /** The guest's kernel, agent and page tables, beyond what the function may use. */
  private static final long GUEST_OVERHEAD = 96 * MIB;

  static final List<String> KERNEL_ARGUMENTS =
      List.of(
          "quiet",
          "rdinit=/init",
          "panic=-1",
          "random.trust_cpu=on",
          // a sixth of a boot under TCG would go into testing ciphers that no guest uses
          "cryptomgr.notests");

  private final SandboxHost host;
  private final Deque<Runnable> undo = new ArrayDeque<>();
  private final Network network;
  private final SandboxFolder folder;
  private final VmConfig machine;
  private final CompletableFuture<Long> bell;

  /**
   * Makes one; nothing stays behind where this fails.
   *
   * @param spec of the sandbox, or of one like it
   * @param name of the machine
   */
  MachinePlace(
      MicroVmConfig config,
      SandboxHost host,
      BootParts boot,
      SandboxSpec spec,
      String name,
      PhaseRecorder phases) {
    this.host = host;
    try {
      phases.enter(Phase.NET_SETUP);
      network =
          host.host().networks().acquire(Network.Kind.MACHINE, spec.network(), spec.readyTimeout());
      undoneBy(() -> host.host().networks().release(network, spec.network()));
      phases.enter(Phase.SANDBOX_CREATE);
      folder = SandboxFolder.create(host.host().sandboxes(), name);
      undoneBy(() -> Folders.delete(folder.path()));
      folder.save(new SandboxFolder.HostPart(MicroVmRuntime.KIND, network.slot(), 0, 0, false));
      folder.giveTo(network.user());
      machine = machine(spec, boot, config.limits());
      host.host().cgroups().ifPresent(groups -> join(groups, spec.resources(), boot.vmm()));
      bell = host.doorbell().watch(folder.path());
      undoneBy(() -> host.doorbell().forget(folder.path()));
    } catch (RuntimeException e) {
      leave();
      throw e;
    }
  }

  Network network() {
    return network;
  }

  SandboxFolder folder() {
    return folder;
  }

  VmConfig machine() {
    return machine;
  }

  /** Completes when the guest's agent rings. */
  CompletableFuture<Long> bell() {
    return bell;
  }

  /** One more step was made. */
  void undoneBy(Runnable step) {
    undo.push(step);
  }

  /** Undoes all steps, the last first. */
  void leave() {
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (RuntimeException e) {
        LOG.error("A machine left something behind: {}", e.getMessage(), e);
      }
    }
  }

  private void join(Cgroups groups, Resources resources, Vmm vmm) {
    undoneBy(() -> groups.remove(folder.name()));
    // whole CPUs are limited by their number in the guest
    double limit = resources.cpus() == resources.vcpus() ? 0 : resources.cpus();
    groups.create(
        folder.name(), new Cgroups.Limits(machine.memoryBytes() + vmm.overheadBytes(), limit));
  }

  private VmConfig machine(SandboxSpec spec, BootParts boot, DeviceLimits limits) {
    List<Path> cgroupFiles =
        host.host().cgroups().map(groups -> groups.joinFiles(folder.name())).orElse(List.of());
    return new VmConfig(
        folder.name(),
        folder.path(),
        spec.resources().vcpus(),
        guestBytes(spec.resources().memoryBytes()),
        boot.kernel(),
        boot.initrd(),
        KERNEL_ARGUMENTS,
        spec.rootImage(),
        new VmConfig.VmNetwork(network.namespaceFile(), Network.TAP, Network.GUEST_MAC),
        limits,
        network.user(),
        cgroupFiles);
  }

  /** Whole mebibytes; the page table of the kernel grows with the memory. */
  static long guestBytes(long functionBytes) {
    long bytes = functionBytes + functionBytes / 64 + GUEST_OVERHEAD;
    return (bytes + MIB - 1) / MIB * MIB;
  }
}
