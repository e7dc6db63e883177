package dev.skep.daemon;

import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.util.List;
import java.util.Optional;

/** A host that starts nothing: for {@code --no-sandboxes}, which needs no root. */
final class NoSandboxes implements SandboxRuntime {
  private static final String WHY =
      "this daemon starts no sandboxes (it was started with --no-sandboxes)";

  @Override
  public String kind() {
    return "none";
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, WHY, List.of());
  }

  @Override
  public Optional<String> snapshotKey(SandboxSpec spec) {
    return Optional.empty();
  }

  @Override
  public StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    return new StartOutcome.Failed(StartFailure.of(StartFailure.Reason.HOST, WHY));
  }

  @Override
  public List<Sandbox> adopt() {
    return List.of();
  }

  @Override
  public void close() {
    // nothing is open
  }
}
