package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.host.Host;
import dev.skep.host.HostProcess;
import dev.skep.host.Network;
import dev.skep.host.SandboxFolder;
import dev.skep.linux.ProcessWatch;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.pager.PagerClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The beginning of a daemon on a host where an earlier one may have ended in any way: sandboxes
 * whose VMM runs are taken over; VMMs, networks, cgroups and folders of no such sandbox are
 * removed. What is ours is known by the state folder, from which all names are derived.
 */
final class Adoption {
  private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

  private record Survivor(SandboxFolder folder, SandboxSpec spec, SandboxFolder.HostPart part) {}

  private final List<Survivor> survivors;
  private final SandboxHost host;
  private final ProcessWatch watch;

  Adoption(Host shared, MicroVmConfig config, ProcessWatch watch, Doorbell doorbell) {
    this.watch = watch;
    List<SandboxFolder> left = shared.left(MicroVmRuntime.KIND);
    this.survivors = left.stream().flatMap(folder -> survivor(folder).stream()).toList();
    killOthers(shared.sandboxes());
    Set<String> kept = new HashSet<>(survivors.stream().map(each -> each.folder().name()).toList());
    left.stream().filter(folder -> !kept.contains(folder.name())).forEach(shared::reclaim);
    this.host =
        new SandboxHost(shared, doorbell, new HostPager(config), new IdleVms<>(config.idleVms()));
  }

  SandboxHost host() {
    return host;
  }

  /** All that were ready or paused; others are stopped, because nobody waits for them. */
  List<MicroVmSandbox> sandboxes() {
    List<CompletableFuture<List<MicroVmSandbox>>> all =
        survivors.stream().map(this::inBackground).toList();
    return all.stream().flatMap(adopted -> adopted.join().stream()).toList();
  }

  private CompletableFuture<List<MicroVmSandbox>> inBackground(Survivor survivor) {
    return CompletableFuture.supplyAsync(
        () -> adopt(survivor),
        task -> Thread.ofVirtual().name("adopt-" + survivor.spec().id()).start(task));
  }

  private List<MicroVmSandbox> adopt(Survivor survivor) {
    Vm vm = RunningVms.attach(survivor.part().pid(), watch);
    var sandbox =
        new MicroVmSandbox(
                new StartPlan.Boot(), // its start is over
                survivor.spec(),
                survivor.folder(),
                host.host().networks().network(survivor.part().slot(), Network.Kind.MACHINE),
                vm,
                host,
                new CompletableFuture<>())
            .watch();
    if ((!survivor.part().paged() || isServed(survivor.folder().name(), sandbox))
        && sandbox.adopt()) {
      return List.of(sandbox);
    }
    sandbox.stop(Duration.ZERO);
    return List.of();
  }

  /** False where the pager that had the guest's memory is gone: the guest waits for it for ever. */
  private boolean isServed(String machine, MicroVmSandbox sandbox) {
    try {
      PagerClient pager = host.pager().client();
      var _ = pager.status(machine);
      sandbox.servedBy(pager);
      return true;
    } catch (SkepException e) {
      LOG.warn("Sandbox {} is not adopted: {}", sandbox.id(), e.getMessage());
      return false;
    }
  }

  private static Optional<Survivor> survivor(SandboxFolder folder) {
    return folder
        .host()
        .filter(part -> runs(folder.name(), part))
        .flatMap(part -> folder.spec().map(spec -> new Survivor(folder, spec, part)));
  }

  private static boolean runs(String name, SandboxFolder.HostPart part) {
    return part.pid() > 0
        && HostProcess.startTicks(part.pid()).equals(OptionalLong.of(part.startTicks()))
        && VmmProcess.isOf(part.pid(), name);
  }

  private void killOthers(Path root) {
    Set<Long> kept = new HashSet<>(survivors.stream().map(each -> each.part().pid()).toList());
    VmmProcess.below(root).stream()
        .filter(pid -> !kept.contains(pid))
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .forEach(
            process -> {
              LOG.info("VMM process {} belongs to no sandbox and is killed", process.pid());
              process.destroyForcibly();
            });
  }
}
