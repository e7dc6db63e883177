package dev.skep.gvisor;

import dev.skep.host.Folders;
import dev.skep.host.Host;
import dev.skep.host.Network;
import dev.skep.host.OutputLog;
import dev.skep.host.SandboxFolder;
import dev.skep.image.RootFiles;
import dev.skep.linux.Cgroups;
import dev.skep.oci.OciSpec;
import dev.skep.oci.OutputPipes;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one sandbox has on the host. Each step says how it is undone. */
final class GvisorPlace {
  private static final Logger LOG = LoggerFactory.getLogger(GvisorPlace.class);

  /** The sentry, its gofer, and what of the image is in its page tables. */
  private static final long OVERHEAD_BYTES = 128L << 20;

  private static final long AGAIN_MILLIS = 10;

  private final Host host;
  private final SandboxSpec spec;
  private final Deque<Runnable> undo = new ArrayDeque<>();
  private final Network network;
  private final SandboxFolder folder;
  private final Container container;
  private final OutputLog log;
  private final OutputPipes pipes;
  private boolean launching;
  private boolean left;

  /** Makes one; nothing stays behind where this fails. */
  GvisorPlace(Host host, Runsc runsc, Holder holder, SandboxSpec spec, PhaseRecorder phases) {
    this.host = host;
    this.spec = spec;
    try {
      phases.enter(Phase.NET_SETUP);
      network = host.networks().acquire(Network.Kind.PROCESS, spec.network(), spec.readyTimeout());
      undoneBy(() -> host.networks().release(network, spec.network()));
      phases.enter(Phase.SANDBOX_CREATE);
      folder = SandboxFolder.create(host.sandboxes(), spec.id());
      undoneBy(() -> Folders.delete(folder.path()));
      folder.save(part(network.slot(), 0, 0));
      folder.save(spec);
      host.cgroups().ifPresent(this::join);
      log = new OutputLog(spec.logFile());
      undoneBy(log::close);
      pipes = OutputPipes.make(folder.path()).follow(spec.id(), this::said);
      undoneBy(pipes::close);
      container = new Container(runsc, holder, folder.path());
    } catch (RuntimeException e) {
      leave();
      throw e;
    }
  }

  /** That of a sandbox which an earlier daemon has made. */
  GvisorPlace(
      Host host, Runsc runsc, Holder holder, SandboxSpec spec, SandboxFolder folder, int slot) {
    this.host = host;
    this.spec = spec;
    this.folder = folder;
    network = host.networks().network(slot, Network.Kind.PROCESS);
    undoneBy(() -> host.networks().release(network, spec.network()));
    undoneBy(() -> Folders.delete(folder.path()));
    log = new OutputLog(spec.logFile());
    undoneBy(log::close);
    pipes = OutputPipes.in(folder.path()).follow(spec.id(), this::said);
    pipes.letContainerHold();
    undoneBy(pipes::close);
    container = new Container(runsc, holder, folder.path());
    undoneByEnd();
  }

  static SandboxFolder.HostPart part(int slot, long pid, long ticks) {
    return new SandboxFolder.HostPart(GvisorRuntime.KIND, slot, pid, ticks, false);
  }

  /** Fills the folder. */
  void configure(RootFiles image) {
    InsideFiles.meminfo(folder.path(), spec.resources());
    container.configure(config(image));
  }

  /** Starts the function. */
  void run() {
    check(launch(() -> container.run(joinFiles(), spec.readyTimeout())));
  }

  /** Goes on with a function as it was saved. */
  void restore(Path snapshot) {
    Path image = folder.path().resolve("image");
    Checkpoint.unpack(snapshot, image);
    check(launch(() -> container.restore(image, joinFiles(), spec.readyTimeout())));
  }

  /** Whoever leaves meanwhile waits for it, so that it makes nothing where all was removed. */
  private Optional<String> launch(Supplier<Optional<String>> runsc) {
    synchronized (this) {
      if (left) {
        return Optional.of("it has been stopped");
      }
      undoneByEnd();
      launching = true;
    }
    try {
      return runsc.get();
    } finally {
      synchronized (this) {
        launching = false;
        notifyAll();
      }
    }
  }

  private List<Path> joinFiles() {
    return host.cgroups().map(groups -> groups.joinFiles(folder.name())).orElse(List.of());
  }

  private void check(Optional<String> problem) {
    pipes.letContainerHold();
    if (problem.isPresent()) {
      pipes.drain(Duration.ofSeconds(1));
      String said = String.join("\n", log.tail());
      throw container.runsc().failed(problem.get() + "\n" + said);
    }
    host.cgroups()
        .ifPresent(groups -> groups.limit(folder.name(), limits(spec.resources().cpus())));
  }

  /** First what runs is killed, also a runsc that is not done; then runsc forgets it. */
  private void undoneByEnd() {
    undoneBy(container::delete);
    undoneBy(this::kill);
  }

  private void kill() {
    host.cgroups().ifPresent(groups -> groups.remove(folder.name()));
  }

  private OciSpec config(RootFiles image) {
    var place =
        new OciSpec.Place(
            folder.path(),
            InsideFiles.folder(folder.path(), "rootfs"), // the annotations name the real one
            network.namespaceFile(),
            network.address(),
            host.networks().nameservers(network),
            Optional.empty());
    Path cgroup = InsideFiles.cgroup(folder.path(), spec.resources());
    OciSpec config =
        OciSpec.of(spec, image, place)
            .withMount(
                new OciSpec.Mount(
                    "/sys/fs/cgroup", "bind", cgroup.toString(), List.of("bind", "ro")))
            .withAnnotations(
                Map.of(
                    "dev.gvisor.spec.rootfs.source", spec.rootImage().toString(),
                    "dev.gvisor.spec.rootfs.type", "erofs",
                    "dev.gvisor.spec.rootfs.overlay", "memory"));
    String workingDir = spec.process().workingDir();
    return image.find(workingDir).isPresent() || spec.mountsOver(workingDir)
        ? config
        // runsc makes the place of a mount, and no working folder
        : config.withMount(new OciSpec.Mount(workingDir, "tmpfs", "tmpfs", List.of("mode=755")));
  }

  /** The limit of CPUs is the function's: runsc starts a sentry with all that the host has. */
  private void join(Cgroups groups) {
    undoneBy(() -> groups.remove(folder.name()));
    groups.create(folder.name(), limits(0));
  }

  private Cgroups.Limits limits(double cpus) {
    return new Cgroups.Limits(spec.resources().memoryBytes() + OVERHEAD_BYTES, cpus);
  }

  private void said(Instant time, boolean stderr, boolean partial, byte[] line) {
    log.add(new OutputLog.Line(stderr, time, partial, line, 0));
  }

  Network network() {
    return network;
  }

  SandboxFolder folder() {
    return folder;
  }

  Container container() {
    return container;
  }

  OutputLog log() {
    return log;
  }

  OutputPipes pipes() {
    return pipes;
  }

  private synchronized void undoneBy(Runnable step) {
    undo.push(step);
  }

  /** Undoes all steps, the last first. */
  synchronized void leave() {
    left = true;
    endLaunch();
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (RuntimeException e) {
        LOG.error("Sandbox {} left something behind: {}", spec.id(), e.getMessage(), e);
      }
    }
  }

  private synchronized void endLaunch() {
    try {
      while (launching) {
        kill();
        wait(AGAIN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
