package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Host;
import dev.skep.host.HostProcess;
import dev.skep.host.Network;
import dev.skep.host.SandboxFolder;
import dev.skep.image.RootFiles;
import dev.skep.linux.ProcessWatch;
import dev.skep.oci.Programs;
import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.Mount;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sandboxes that are gVisor's: a kernel in user space, started by runsc for each of them. Needs no
 * virtualisation. {@link #create} makes all that runsc needs, and {@link Sandbox#start} runs it
 * once: what it costs to start is most of what a start costs.
 */
public final class GvisorRuntime implements SandboxRuntime {
  public static final String KIND = "gvisor";

  private static final Logger LOG = LoggerFactory.getLogger(GvisorRuntime.class);

  private final Host host;
  private final GvisorConfig config;
  private final ProcessWatch watch;
  private final Map<String, GvisorSandbox> running = new ConcurrentHashMap<>();
  private @Nullable Runsc runsc;
  private @Nullable Holder holder;
  private boolean adopted;

  private GvisorRuntime(Host host, GvisorConfig config, ProcessWatch watch) {
    this.host = host;
    this.config = config;
    this.watch = watch;
  }

  /** Needs root. Changes nothing on the host before the first call. */
  public static GvisorRuntime open(Host host, GvisorConfig config) {
    return new GvisorRuntime(host, config, ProcessWatch.open());
  }

  /** What this host has, found by trying; changes nothing on it. */
  public static Capabilities probe(GvisorConfig config) {
    return capabilities(() -> RunscProbe.find(config, Path.of("/nowhere")));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Capabilities capabilities() {
    return capabilities(this::runsc);
  }

  private static Capabilities capabilities(Supplier<Runsc> found) {
    try {
      Runsc runsc = found.get();
      var features = new ArrayList<>(List.of("pause", "exec", "adopt"));
      if (runsc.traits().checkpoints()) {
        features.add("snapshot");
      }
      return new Capabilities(true, runsc.description(), features);
    } catch (SkepException e) {
      return new Capabilities(false, String.valueOf(e.getMessage()), List.of());
    }
  }

  @Override
  public Optional<String> snapshotKey(SandboxSpec spec) {
    // others may change a folder while its sandbox is only a snapshot
    boolean alone = spec.mounts().stream().noneMatch(mount -> mount instanceof Mount.Folder);
    return alone && runsc().traits().checkpoints()
        ? Optional.of(CheckpointKeys.of(spec, runsc().description()))
        : Optional.empty();
  }

  @Override
  public StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    phases.enter(Phase.SANDBOX_CREATE);
    try (RootFiles image = RootFiles.open(spec.rootImage())) {
      Optional<StartFailure> problem = Programs.problem(image, spec);
      if (problem.isPresent()) {
        return new StartOutcome.Failed(problem.get());
      }
      return new StartOutcome.Ok(create(spec, plan, image, phases));
    } catch (SkepException e) {
      return new StartOutcome.Failed(failure(e));
    }
  }

  private GvisorSandbox create(
      SandboxSpec spec, StartPlan plan, RootFiles image, PhaseRecorder phases) {
    var place = new GvisorPlace(host, runsc(), holder(), spec, phases);
    try {
      place.configure(image);
      boolean hook = plan instanceof StartPlan.Restore && RestoredHook.isIn(image);
      return keep(new GvisorSandbox(host, spec, plan, place, watch, hook));
    } catch (RuntimeException e) {
      place.leave();
      throw e;
    }
  }

  private GvisorSandbox keep(GvisorSandbox sandbox) {
    running.put(sandbox.id(), sandbox);
    var _ = sandbox.life().exit().thenRun(() -> running.remove(sandbox.id(), sandbox));
    return sandbox;
  }

  /** Those that were ready or paused; others are removed, because nobody waits for them. */
  @Override
  public synchronized List<Sandbox> adopt() {
    if (!adopted) {
      adopted = true;
      host.left(KIND).forEach(this::adoptOrReclaim);
    }
    return List.copyOf(running.values());
  }

  private void adoptOrReclaim(SandboxFolder folder) {
    Optional<SandboxSpec> spec = folder.spec();
    Optional<SandboxFolder.HostPart> part = folder.host();
    Optional<Container> container = container(folder);
    Optional<Sandbox.State> state =
        part.filter(GvisorRuntime::runs).flatMap(_ -> container.flatMap(GvisorRuntime::state));
    if (spec.isPresent() && state.isPresent()) {
      var place =
          new GvisorPlace(host, runsc(), holder(), spec.get(), folder, part.orElseThrow().slot());
      var plan = new StartPlan.Boot(); // its start is over
      var sandbox = new GvisorSandbox(host, spec.get(), plan, place, watch, false);
      keep(sandbox.takeOver(state.get()));
      return;
    }
    // a runsc that makes it may still run: it is in the cgroup, and would undo what is done here
    host.cgroups().ifPresent(groups -> groups.remove(folder.name()));
    container.ifPresent(Container::delete);
    host.reclaim(folder);
  }

  /** Empty where runsc was removed from the host: nothing can be asked of what it has made. */
  private Optional<Container> container(SandboxFolder folder) {
    try {
      return Optional.of(new Container(runsc(), holder(), folder.path()));
    } catch (SkepException e) {
      LOG.warn("Sandbox {} is not adopted: {}", folder.name(), e.getMessage());
      return Optional.empty();
    }
  }

  private static boolean runs(SandboxFolder.HostPart part) {
    return part.pid() > 0
        && HostProcess.startTicks(part.pid()).equals(OptionalLong.of(part.startTicks()));
  }

  private static Optional<Sandbox.State> state(Container container) {
    return switch (container.status().orElse("")) {
      case "running" -> Optional.of(Sandbox.State.READY);
      case "paused" -> Optional.of(Sandbox.State.PAUSED);
      default -> Optional.empty();
    };
  }

  @Override
  public void close() {
    running.values().forEach(GvisorSandbox::letGo);
    watch.close();
  }

  /** Looks for it once; while there is none, each time anew. */
  private synchronized Runsc runsc() {
    Runsc found = runsc;
    if (found == null) {
      found = RunscProbe.find(config, root());
      LOG.info("gVisor: {}", found.description());
      runsc = found;
      host.networks().expect(Network.Kind.PROCESS);
    }
    return found;
  }

  private synchronized Holder holder() {
    Holder there = holder;
    if (there == null) {
      there = Holder.in(root().resolveSibling("tools"));
      holder = there;
    }
    return there;
  }

  private Path root() {
    try {
      return Files.createDirectories(host.state().resolve("gvisor").resolve("runsc"));
    } catch (IOException e) {
      throw new SkepException(
          Code.INVALID, "state folder " + host.state() + ": cannot be written: " + e, e);
    }
  }

  static StartFailure failure(SkepException e) {
    Reason reason =
        switch (e.code()) {
          case EXHAUSTED -> Reason.RESOURCES;
          case INVALID -> Reason.CONFIGURATION;
          case NOT_FOUND -> Reason.IMAGE;
          default -> Reason.HOST;
        };
    return StartFailure.of(reason, String.valueOf(e.getMessage()));
  }
}
