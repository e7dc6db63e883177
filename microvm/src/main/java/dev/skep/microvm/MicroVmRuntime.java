package dev.skep.microvm;

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sandboxes that are microVMs. The VMM is started by {@link #create}, so that a guest boots while
 * its caller is not ready yet; {@link Sandbox#start} runs the function in it.
 */
public final class MicroVmRuntime implements SandboxRuntime {
  static final String KIND = "microvm";

  private static final Duration SETTLE = Duration.ofSeconds(5);

  private final Host shared;
  private final MicroVmConfig config;
  private final ProcessWatch watch;
  private final Doorbell doorbell;
  private final Map<String, MicroVmSandbox> running = new ConcurrentHashMap<>();
  private @Nullable CompletableFuture<BootParts> parts;
  private @Nullable SandboxHost host;

  private MicroVmRuntime(Host shared, MicroVmConfig config, ProcessWatch watch, Doorbell doorbell) {
    this.shared = shared;
    this.config = config;
    this.watch = watch;
    this.doorbell = doorbell;
  }

  /**
   * @param host closed by the caller, after the runtime
   */
  public static MicroVmRuntime open(Host host, MicroVmConfig config) {
    return new MicroVmRuntime(host, config, ProcessWatch.open(), Doorbell.open());
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Capabilities capabilities() {
    try {
      return new Capabilities(true, parts().vmm().description(), features());
    } catch (SkepException e) {
      return new Capabilities(false, String.valueOf(e.getMessage()), List.of());
    }
  }

  @Override
  public Optional<String> snapshotKey(SandboxSpec spec) {
    return Optional.of(SnapshotKeys.of(spec, parts()));
  }

  @Override
  public void expectRestores() {
    host().pager().startAhead();
  }

  /** How many VMMs wait for a restore. */
  int idle() {
    return host().idle().count();
  }

  private List<String> features() {
    var features = new ArrayList<>(List.of("pause", "exec", "adopt", "snapshot"));
    if (host().pager().usable()) {
      features.add("pager");
    }
    return features;
  }

  @Override
  public StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    phases.enter(Phase.SANDBOX_CREATE);
    try {
      MicroVmSandbox sandbox =
          new MicroVmCreation(config, host(), this::parts).run(spec, plan, phases);
      running.put(spec.id(), sandbox);
      var _ = sandbox.life().exit().thenRun(() -> running.remove(spec.id(), sandbox));
      if (plan instanceof StartPlan.Boot) {
        phases.enter(Phase.GUEST_BOOT);
      }
      return new StartOutcome.Ok(sandbox.watch());
    } catch (SkepException e) {
      return new StartOutcome.Failed(failure(e));
    }
  }

  @Override
  public List<Sandbox> adopt() {
    host();
    return List.copyOf(running.values());
  }

  @Override
  public void close() {
    SandboxHost open;
    CompletableFuture<BootParts> begun;
    synchronized (this) {
      open = host;
      host = null;
      begun = parts;
    }
    settle(begun);
    running.values().forEach(MicroVmSandbox::letGo);
    if (open != null) {
      open.idle().close();
      if (running.isEmpty()) {
        open.pager().stop();
      }
      open.pager().close();
    }
    doorbell.close();
    watch.close();
  }

  /** A preparation still writes into the state folder, and may probe KVM with a VMM of its own. */
  private static void settle(@Nullable CompletableFuture<BootParts> begun) {
    if (begun != null) {
      var _ =
          begun
              .handle((_, _) -> true)
              .completeOnTimeout(false, SETTLE.toMillis(), TimeUnit.MILLISECONDS)
              .join();
    }
  }

  private static StartFailure failure(SkepException e) {
    Reason reason =
        switch (e.code()) {
          case EXHAUSTED -> Reason.RESOURCES;
          case INVALID -> Reason.CONFIGURATION;
          case NOT_FOUND -> Reason.IMAGE;
          default -> Reason.HOST;
        };
    return StartFailure.of(reason, String.valueOf(e.getMessage()));
  }

  private BootParts parts() {
    try {
      return preparation().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof SkepException known
          ? known
          : new SkepException(Code.INTERNAL, "boot parts: " + e.getCause(), e);
    }
  }

  /** Begins in the background with the first use; what has failed is tried again. */
  private synchronized CompletableFuture<BootParts> preparation() {
    CompletableFuture<BootParts> current = parts;
    if (current == null || current.isCompletedExceptionally()) {
      CompletableFuture<BootParts> fresh = new CompletableFuture<>();
      Thread.ofVirtual().name("boot-parts").start(() -> prepare(fresh));
      parts = fresh;
      return fresh;
    }
    return current;
  }

  private void prepare(CompletableFuture<BootParts> target) {
    try {
      target.complete(BootParts.prepare(config));
    } catch (RuntimeException e) {
      target.completeExceptionally(e);
    }
  }

  /** The first call adopts what runs and removes what is left of others. */
  private synchronized SandboxHost host() {
    SandboxHost open = host;
    if (open == null) {
      shared.networks().expect(Network.Kind.MACHINE);
      var _ = preparation(); // ready before the first request is
      var adoption = new Adoption(shared, config, watch, doorbell);
      open = adoption.host();
      host = open;
      adoption
          .sandboxes()
          .forEach(
              sandbox -> {
                running.put(sandbox.id(), sandbox);
                var _ = sandbox.life().exit().thenRun(() -> running.remove(sandbox.id(), sandbox));
              });
    }
    return open;
  }
}
