package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.HostProcess;
import dev.skep.host.SandboxFolder;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.pager.PagerClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes sandboxes: a place on the host, and a VMM in it that boots or has a state loaded. */
final class MicroVmCreation {
  private static final Logger LOG = LoggerFactory.getLogger(MicroVmCreation.class);

  private final MicroVmConfig config;
  private final SandboxHost host;
  private final Supplier<BootParts> parts;

  MicroVmCreation(MicroVmConfig config, SandboxHost host, Supplier<BootParts> parts) {
    this.config = config;
    this.host = host;
    this.parts = parts;
  }

  /** Nothing stays behind where this fails. */
  MicroVmSandbox run(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    checkImage(spec.rootImage());
    checkMemory(spec.resources().memoryBytes());
    GuestMounts.check(spec);
    BootParts boot = parts.get();
    return switch (plan) {
      case StartPlan.Boot _ -> boot(spec, plan, boot, phases);
      case StartPlan.Restore restore -> restore(spec, restore, boot, phases);
    };
  }

  private MicroVmSandbox boot(
      SandboxSpec spec, StartPlan plan, BootParts boot, PhaseRecorder phases) {
    MachinePlace place = new MachinePlace(config, host, boot, spec, spec.id(), phases);
    try {
      place.folder().save(spec);
      Vm vm = boot.vmm().boot(place.machine());
      place.undoneBy(vm::kill);
      return sandbox(spec, plan, place, vm, Optional.empty());
    } catch (RuntimeException e) {
      place.leave();
      throw e;
    }
  }

  private MicroVmSandbox restore(
      SandboxSpec spec, StartPlan.Restore plan, BootParts boot, PhaseRecorder phases) {
    Restoration.readAhead(plan);
    Optional<IdleVms.Key> key = IdleVms.Key.of(plan, spec, boot.vmm());
    MicroVmSandbox restored =
        key.flatMap(host.idle()::take)
            .flatMap(idle -> tryLoad(idle, spec, plan, phases))
            .orElseGet(
                () -> load(prepare(spec, plan, boot, spec.id(), phases), spec, plan, phases));
    key.ifPresent(
        wanted ->
            host.idle()
                .want(
                    wanted,
                    name -> prepare(spec, plan, boot, name, new PhaseRecorder(System::nanoTime))));
    return restored;
  }

  private Restoration prepare(
      SandboxSpec spec, StartPlan.Restore plan, BootParts boot, String name, PhaseRecorder phases) {
    MachinePlace place = new MachinePlace(config, host, boot, spec, name, phases);
    try {
      phases.enter(Phase.SNAPSHOT_LOAD);
      return Restoration.begin(place, plan, boot.vmm(), host.pager());
    } catch (RuntimeException e) {
      place.leave();
      throw e;
    }
  }

  /** What goes wrong with an idle VMM says nothing of the snapshot: another one is started. */
  private Optional<MicroVmSandbox> tryLoad(
      Restoration idle, SandboxSpec spec, StartPlan.Restore plan, PhaseRecorder phases) {
    try {
      return Optional.of(load(idle, spec, plan, phases));
    } catch (SkepException e) {
      LOG.warn("idle VMM {}: {}", idle.name(), e.getMessage());
      return Optional.empty();
    }
  }

  private MicroVmSandbox load(
      Restoration restoration, SandboxSpec spec, StartPlan.Restore plan, PhaseRecorder phases) {
    MachinePlace place = restoration.place();
    try {
      phases.enter(Phase.SNAPSHOT_LOAD);
      place.folder().save(spec);
      Vm vm = restoration.load(plan, spec.rootImage());
      return sandbox(spec, plan, place, vm, restoration.pager());
    } catch (RuntimeException e) {
      place.leave();
      throw e;
    }
  }

  private MicroVmSandbox sandbox(
      SandboxSpec spec, StartPlan plan, MachinePlace place, Vm vm, Optional<PagerClient> pager) {
    long ticks = HostProcess.startTicks(vm.pid()).orElse(0);
    var part =
        new SandboxFolder.HostPart(
            MicroVmRuntime.KIND, place.network().slot(), vm.pid(), ticks, pager.isPresent());
    place.folder().save(part);
    var sandbox =
        new MicroVmSandbox(plan, spec, place.folder(), place.network(), vm, host, place.bell());
    pager.ifPresent(sandbox::servedBy);
    return sandbox;
  }

  private static void checkImage(Path image) {
    if (!Files.isReadable(image)) {
      throw new SkepException(
          Code.NOT_FOUND, "root image " + image + ": cannot be read (expected: an EROFS file)");
    }
  }

  private static void checkMemory(long wanted) {
    long host = HostProcess.hostMemoryBytes();
    if (MachinePlace.guestBytes(wanted) > host) {
      throw new SkepException(
          Code.EXHAUSTED,
          "memory: "
              + (wanted >> 20)
              + " MiB asked, this host has "
              + (host >> 20)
              + " MiB in all");
    }
  }
}
