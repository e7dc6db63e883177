package dev.skep.gvisor;

import dev.skep.api.SkepException;
import dev.skep.oci.Readiness;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.time.Duration;
import java.util.OptionalInt;

/** One start of a sandbox whose sentry runs: its process, or a saved state of it, until ready. */
final class GvisorStart {
  private final GvisorSandbox sandbox;
  private final Container container;
  private final SandboxSpec spec;
  private final PhaseRecorder phases;
  private final long begun = System.nanoTime();
  private final long deadline;

  GvisorStart(GvisorSandbox sandbox, PhaseRecorder phases) {
    this.sandbox = sandbox;
    this.container = sandbox.place().container();
    this.spec = sandbox.spec();
    this.phases = phases;
    this.deadline = begun + spec.readyTimeout().toNanos();
  }

  StartOutcome boot() {
    phases.enter(Phase.GUEST_BOOT);
    try {
      sandbox.place().run();
      sandbox.awaitEnd();
      phases.enter(Phase.RUNTIME_INIT);
      return untilReady();
    } catch (SkepException e) {
      return broken(e);
    }
  }

  /** Its process was ready when it was saved: that its address answers is all there is to see. */
  StartOutcome restore(StartPlan.Restore plan, boolean hook) {
    phases.enter(Phase.SNAPSHOT_LOAD);
    try {
      sandbox.place().restore(plan.snapshot());
      sandbox.awaitEnd();
      phases.enter(Phase.CONNECT);
      if (hook) {
        RestoredHook.run(container, left());
      }
      return untilReady();
    } catch (SkepException e) {
      return broken(
          new SkepException(e.code(), "the snapshot cannot be restored: " + e.getMessage(), e));
    }
  }

  private StartOutcome untilReady() {
    var readiness = new Readiness(spec, sandbox.endpoint(), container::exec);
    Readiness.Verdict verdict =
        readiness.await(System.nanoTime(), deadline, () -> sandbox.life().exit().isDone());
    return switch (verdict) {
      case Readiness.Verdict.Ready() -> {
        phases.enter(Phase.READINESS);
        yield sandbox.becomeReady() ? new StartOutcome.Ok(sandbox) : sandbox.life().endedAtStart();
      }
      case Readiness.Verdict.GivenUp() -> sandbox.life().endedAtStart();
      case Readiness.Verdict.Late(String message) -> failed(Reason.PROBE_TIMEOUT, message);
    };
  }

  private Duration left() {
    return Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
  }

  private StartOutcome failed(Reason reason, String message) {
    var failure =
        new StartFailure(reason, message, OptionalInt.empty(), sandbox.place().log().tail());
    sandbox.end(new Exit(OptionalInt.empty(), false, message, failure.lastOutput()));
    return new StartOutcome.Failed(failure);
  }

  private StartOutcome broken(SkepException e) {
    String said = String.valueOf(e.getMessage());
    if (sandbox.life().stopRequested()) {
      return sandbox.life().endedAtStart();
    }
    return failed(said.contains("failed to load") ? Reason.COMMAND_NOT_FOUND : Reason.HOST, said);
  }
}
