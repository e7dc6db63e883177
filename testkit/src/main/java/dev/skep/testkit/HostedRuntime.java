package dev.skep.testkit;

import dev.skep.host.Host;
import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.util.List;
import java.util.Optional;

/** A runtime that has its host for itself: both are closed together, as a daemon does. */
public record HostedRuntime<R extends SandboxRuntime>(R runtime, Host host)
    implements SandboxRuntime {
  @Override
  public String kind() {
    return runtime.kind();
  }

  @Override
  public Capabilities capabilities() {
    return runtime.capabilities();
  }

  @Override
  public Optional<String> snapshotKey(SandboxSpec spec) {
    return runtime.snapshotKey(spec);
  }

  @Override
  public void expectRestores() {
    runtime.expectRestores();
  }

  @Override
  public StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    return runtime.create(spec, plan, phases);
  }

  @Override
  public List<Sandbox> adopt() {
    return runtime.adopt();
  }

  @Override
  public void close() {
    try (host) {
      runtime.close();
    }
  }
}
