package dev.skep.control;

import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A start that another thread may cancel at any time: that one sets {@code cancelled} first and
 * then stops what it finds in {@code sandbox}, this one does it the other way round, so that one of
 * them sees the other.
 *
 * @param sandbox set once it exists
 */
public record CancellableStart(
    AtomicReference<@Nullable Sandbox> sandbox, AtomicBoolean cancelled) {
  /** Creates and starts it, blocking; nothing of it is left where that fails. */
  public StartOutcome run(
      SandboxRuntime runtime, SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    return switch (runtime.create(spec, plan, phases)) {
      case StartOutcome.Failed failed -> failed;
      case StartOutcome.Ok(Sandbox created) -> {
        sandbox.set(created);
        StartOutcome outcome = cancelled.get() ? stopped() : created.start(phases);
        if (outcome instanceof StartOutcome.Failed) {
          created.stop(Duration.ZERO);
        }
        yield outcome;
      }
    };
  }

  private static StartOutcome stopped() {
    return new StartOutcome.Failed(
        StartFailure.of(Reason.CANCELLED, "stopped before it was started"));
  }
}
