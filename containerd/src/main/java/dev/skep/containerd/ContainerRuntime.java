package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.host.Host;
import dev.skep.host.Network;
import dev.skep.linux.ProcessWatch;
import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sandboxes that are containers, run by containerd and runc. {@link #create} makes all but the
 * function's process; {@link Sandbox#start} runs it.
 */
public final class ContainerRuntime implements SandboxRuntime {
  static final String KIND = "container";

  private final Host shared;
  private final ContainerConfig config;
  private final ProcessWatch watch;
  private final Map<String, ContainerSandbox> running = new ConcurrentHashMap<>();
  private @Nullable ContainerdService service;
  private @Nullable ContainerHost host;

  private ContainerRuntime(Host shared, ContainerConfig config, ProcessWatch watch) {
    this.shared = shared;
    this.config = config;
    this.watch = watch;
  }

  /**
   * Begins nothing before the first call.
   *
   * @param host closed by the caller, after the runtime
   */
  public static ContainerRuntime open(Host host, ContainerConfig config) {
    return new ContainerRuntime(host, config, ProcessWatch.open());
  }

  /** What this host has; nothing is started. */
  public static Capabilities probe(ContainerConfig config) {
    try (ProcessWatch watch = ProcessWatch.open()) {
      return capabilities(() -> ContainerdService.outlook(config, Path.of("/nowhere"), watch));
    }
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Capabilities capabilities() {
    return capabilities(this::description);
  }

  private static Capabilities capabilities(Supplier<String> description) {
    try {
      return new Capabilities(true, description.get(), List.of("pause", "exec", "adopt"));
    } catch (SkepException e) {
      return new Capabilities(false, String.valueOf(e.getMessage()), List.of());
    }
  }

  @Override
  public Optional<String> snapshotKey(SandboxSpec spec) {
    return Optional.empty();
  }

  @Override
  public StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    phases.enter(Phase.SANDBOX_CREATE);
    try {
      if (!(plan instanceof StartPlan.Boot)) {
        throw new SkepException(
            Code.UNSUPPORTED, "container " + spec.id() + ": restores from no snapshot");
      }
      return switch (new ContainerCreation(host(), spec, phases).run()) {
        case ContainerCreation.Made(ContainerSandbox sandbox) -> {
          keep(sandbox);
          yield new StartOutcome.Ok(sandbox.watch());
        }
        case ContainerCreation.Refused(StartFailure failure) -> new StartOutcome.Failed(failure);
      };
    } catch (SkepException e) {
      return new StartOutcome.Failed(failure(e));
    }
  }

  @Override
  public List<Sandbox> adopt() {
    if (mayHaveLeft()) {
      host();
    } else {
      images().removeUnused();
    }
    return List.copyOf(running.values());
  }

  /** A host on which no container was ever wanted need not have a containerd. */
  private synchronized boolean mayHaveLeft() {
    return host != null
        || !shared.left(KIND).isEmpty()
        || new EmbeddedContainerd(containerdFolder(), config.programs(), watch).wasStarted();
  }

  private Path containerdFolder() {
    return shared.state().resolve("containerd");
  }

  private ImageMounts images() {
    return new ImageMounts(shared.state().resolve("mounts"));
  }

  @Override
  public synchronized void close() {
    running.values().forEach(ContainerSandbox::letGo);
    ContainerdService open = service;
    service = null;
    host = null;
    if (open != null) {
      if (running.isEmpty()) {
        open.stop();
      }
      open.close();
    }
    watch.close();
  }

  private void keep(ContainerSandbox sandbox) {
    running.put(sandbox.id(), sandbox);
    var _ = sandbox.life().exit().thenRun(() -> running.remove(sandbox.id(), sandbox));
  }

  static StartFailure failure(SkepException e) {
    Reason reason =
        switch (e.code()) {
          case EXHAUSTED -> Reason.RESOURCES;
          case INVALID, NOT_FOUND -> Reason.IMAGE;
          default -> Reason.HOST;
        };
    return StartFailure.of(reason, String.valueOf(e.getMessage()));
  }

  /** A containerd of our own is started by the first container, not by a question. */
  private synchronized String description() {
    ContainerdService open = service;
    return open == null
        ? ContainerdService.outlook(config, containerdFolder(), watch)
        : open.description();
  }

  private synchronized ContainerdService service() {
    ContainerdService open = service;
    if (open == null) {
      open = ContainerdService.open(config, containerdFolder(), watch);
      service = open;
    }
    return open;
  }

  /** The first call adopts what runs and removes what is left of others. */
  private synchronized ContainerHost host() {
    ContainerHost open = host;
    if (open == null) {
      shared.networks().expect(Network.Kind.PROCESS);
      open = new ContainerHost(shared, service().containerd(), images());
      new Adoption(open).sandboxes().forEach(this::keep);
      host = open;
    }
    return open;
  }
}
