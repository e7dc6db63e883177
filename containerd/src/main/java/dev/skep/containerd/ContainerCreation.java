package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Folders;
import dev.skep.host.HostProcess;
import dev.skep.host.Network;
import dev.skep.host.SandboxFolder;
import dev.skep.image.RootFiles;
import dev.skep.linux.Mounts;
import dev.skep.oci.OciSpec;
import dev.skep.oci.OutputPipes;
import dev.skep.oci.Programs;
import dev.skep.oci.Seccomp;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes one container, all but its process. Each step says how it is undone. */
final class ContainerCreation {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerCreation.class);

  private static final int STICKY = 01777;

  /** What came of it; where it failed, nothing stays behind. */
  sealed interface Result {}

  record Made(ContainerSandbox sandbox) implements Result {}

  /** It is the user's to change something. */
  record Refused(StartFailure failure) implements Result {}

  private final ContainerHost host;
  private final SandboxSpec spec;
  private final PhaseRecorder phases;
  private final Deque<Runnable> undo = new ArrayDeque<>();

  ContainerCreation(ContainerHost host, SandboxSpec spec, PhaseRecorder phases) {
    this.host = host;
    this.spec = spec;
    this.phases = phases;
  }

  Result run() {
    checkMemory(spec.resources().memoryBytes());
    try (RootFiles image = RootFiles.open(spec.rootImage())) {
      Optional<StartFailure> problem = Programs.problem(image, spec);
      return problem.isPresent() ? new Refused(problem.get()) : new Made(make(image));
    } catch (RuntimeException e) {
      leave();
      throw e;
    }
  }

  private ContainerSandbox make(RootFiles image) {
    phases.enter(Phase.NET_SETUP);
    Network network =
        host.host().networks().acquire(Network.Kind.PROCESS, spec.network(), spec.readyTimeout());
    undoneBy(() -> host.host().networks().release(network, spec.network()));
    phases.enter(Phase.SANDBOX_CREATE);
    SandboxFolder folder = folder(network);
    Path lower = host.images().acquire(spec.rootImage());
    undoneBy(() -> host.images().release(spec.rootImage()));
    Path disk = disk(folder, image);
    OutputPipes pipes = OutputPipes.make(folder.path());
    OciSpec oci = oci(image, network, folder);
    ContainerTask task = host.task(spec.id());
    task.create(oci.toJson(), Map.of(ContainerHost.OWNER_LABEL, host.owner()));
    undoneBy(task::destroy);
    var sandbox = new ContainerSandbox(spec, folder, network, task, pipes, host);
    undoneBy(pipes::close);
    sandbox.follow();
    phases.enter(Phase.GUEST_BOOT);
    long pid = task.prepare(overlay(lower, disk), streams(pipes));
    pipes.letContainerHold();
    save(folder, network, pid);
    sandbox.runsAs(pid);
    return sandbox;
  }

  private SandboxFolder folder(Network network) {
    SandboxFolder folder = SandboxFolder.create(host.host().sandboxes(), spec.id());
    undoneBy(() -> Folders.delete(folder.path()));
    folder.save(spec);
    save(folder, network, 0);
    return folder;
  }

  private static void save(SandboxFolder folder, Network network, long pid) {
    long ticks = HostProcess.startTicks(pid).orElse(0);
    folder.save(
        new SandboxFolder.HostPart(ContainerRuntime.KIND, network.slot(), pid, ticks, false));
  }

  /** Counts as the container's memory, and ends with it. */
  private Path disk(SandboxFolder folder, RootFiles image) {
    Path disk = ContainerHost.disk(folder);
    try {
      Files.createDirectory(disk);
      Mounts.memory(disk, spec.resources().memoryBytes());
      undoneBy(() -> Mounts.detach(disk));
      Path upper = Files.createDirectory(disk.resolve("upper"));
      Files.createDirectory(disk.resolve("work"));
      if (image.find("/tmp").filter(tmp -> tmp.permissions() == STICKY).isEmpty()) {
        // runc 1.1 gives what it mounts there the mode of what was there, whatever it was told
        Files.setAttribute(Files.createDirectory(upper.resolve("tmp")), "unix:mode", STICKY);
      }
      return disk;
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, disk + ": cannot be made: " + e, e);
    }
  }

  private OciSpec oci(RootFiles image, Network network, SandboxFolder folder) {
    OciSpec oci =
        OciSpec.of(
                spec,
                image,
                new OciSpec.Place(
                    folder.path(),
                    Path.of("rootfs"), // of its bundle
                    network.namespaceFile(),
                    network.address(),
                    host.host().networks().nameservers(network),
                    Optional.of(host.cgroupsPath(spec.id()))))
            .withSeccomp(Seccomp.ofContainers());
    Execution.save(folder, oci.process());
    return oci;
  }

  private static containerd.types.MountOuterClass.Mount overlay(Path lower, Path disk) {
    return ContainerTask.overlay(lower, disk.resolve("upper"), disk.resolve("work"));
  }

  private static ContainerTask.Streams streams(OutputPipes pipes) {
    return new ContainerTask.Streams("", pipes.stdout().toString(), pipes.stderr().toString());
  }

  private void undoneBy(Runnable step) {
    undo.push(step);
  }

  private void leave() {
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (RuntimeException e) {
        LOG.error("Container {} left something behind: {}", spec.id(), e.getMessage(), e);
      }
    }
  }

  private static void checkMemory(long wanted) {
    long there = HostProcess.hostMemoryBytes();
    if (wanted > there) {
      throw new SkepException(
          Code.EXHAUSTED,
          "memory: %d MiB asked, this host has %d MiB in all".formatted(wanted >> 20, there >> 20));
    }
  }
}
