package dev.skep.sandbox;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Makes sandboxes of one kind. {@link #create} and {@link Sandbox#start} are separate because a
 * kubelet calls them apart; most callers want {@link #start}.
 */
public interface SandboxRuntime extends AutoCloseable {
  /** {@code microvm}, {@code gvisor} or {@code container}. */
  String kind();

  Capabilities capabilities();

  /**
   * Digest ({@code sha256:...}) of everything on which the state of such a sandbox depends: image,
   * process, size, VMM, kernel and CPU. Sandboxes with the same key restore from each other's
   * snapshots; empty where this runtime takes none.
   */
  Optional<String> snapshotKey(SandboxSpec spec);

  /** Restores are to come: what they would wait for first is begun, in the background. */
  default void expectRestores() {}

  /** Makes all that the sandbox needs on the host, without running anything of the user's. */
  StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases);

  /** Creates, starts and returns a ready sandbox; on failure nothing stays behind. */
  default StartOutcome start(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    return switch (create(spec, plan, phases)) {
      case StartOutcome.Failed failed -> failed;
      case StartOutcome.Ok(Sandbox sandbox) ->
          switch (sandbox.start(phases)) {
            case StartOutcome.Ok ok -> ok;
            case StartOutcome.Failed failed -> {
              sandbox.stop(Duration.ZERO);
              yield failed;
            }
          };
    };
  }

  /**
   * Takes over the sandboxes that an earlier daemon left running and removes what is left of
   * others; what is not this runtime's own is never touched. Call once, before the first {@link
   * #create}.
   */
  List<Sandbox> adopt();

  /** Lets go: pools are emptied, running sandboxes go on. */
  @Override
  void close();
}
