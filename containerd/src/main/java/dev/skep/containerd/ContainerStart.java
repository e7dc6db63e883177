package dev.skep.containerd;

import dev.skep.api.SkepException;
import dev.skep.oci.Readiness;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import java.util.OptionalInt;

/** One start of a container's process, until its probe passes. */
final class ContainerStart {
  private final ContainerSandbox sandbox;
  private final SandboxSpec spec;
  private final ContainerTask task;
  private final PhaseRecorder phases;

  ContainerStart(ContainerSandbox sandbox, ContainerTask task, PhaseRecorder phases) {
    this.sandbox = sandbox;
    this.spec = sandbox.spec();
    this.task = task;
    this.phases = phases;
  }

  StartOutcome run() {
    long deadline = System.nanoTime() + spec.readyTimeout().toNanos();
    phases.enter(Phase.GUEST_INIT);
    try {
      task.start();
    } catch (SkepException e) {
      return isOver()
          ? sandbox.life().endedAtStart()
          : failed(StartFailure.of(Reason.HOST, String.valueOf(e.getMessage())));
    }
    phases.enter(Phase.RUNTIME_INIT);
    var readiness = new Readiness(spec, sandbox.endpoint(), sandbox::probe);
    return switch (readiness.await(System.nanoTime(), deadline, this::isOver)) {
      case Readiness.Verdict.Ready() -> {
        phases.enter(Phase.READINESS);
        yield sandbox.becomeReady() ? new StartOutcome.Ok(sandbox) : sandbox.life().endedAtStart();
      }
      case Readiness.Verdict.GivenUp() -> sandbox.life().endedAtStart();
      case Readiness.Verdict.Late(String message) -> late(message);
    };
  }

  private boolean isOver() {
    return sandbox.processExit().isDone() || sandbox.life().stopRequested();
  }

  private StartOutcome late(String message) {
    return failed(
        new StartFailure(Reason.PROBE_TIMEOUT, message, OptionalInt.empty(), sandbox.lastOutput()));
  }

  private StartOutcome failed(StartFailure failure) {
    sandbox.end(failure.message());
    return new StartOutcome.Failed(failure);
  }
}
