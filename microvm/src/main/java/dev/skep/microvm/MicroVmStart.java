package dev.skep.microvm;

import dev.skep.api.Probe;
import dev.skep.api.SkepException;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One start of a guest: from a kernel that boots, or from a snapshot, to one that is ready. */
final class MicroVmStart {
  private enum Wait {
    HAPPENED,
    LATE,
    ENDED
  }

  /** Run in each clone before its first request, if the image has it. */
  private static final String RESTORED_HOOK = "/etc/skep/restored";

  private final MicroVmSandbox sandbox;
  private final SandboxSpec spec;
  private final PhaseRecorder phases;
  private final long deadline;

  MicroVmStart(MicroVmSandbox sandbox, PhaseRecorder phases) {
    this.sandbox = sandbox;
    this.spec = sandbox.spec();
    this.phases = phases;
    this.deadline = System.nanoTime() + spec.readyTimeout().toNanos();
  }

  /** Its state is loaded, its process runs and was ready: it becomes itself, and that is all. */
  StartOutcome restore() {
    try {
      phases.enter(Phase.SNAPSHOT_RESUME);
      sandbox.resumeGuest();
      phases.enter(Phase.CONNECT);
      AgentClient agent = dial();
      if (agent.hello().state() != AgentHello.State.RUNNING) {
        return failed(
            StartFailure.of(Reason.HOST, "the restored guest's process does not run any more"));
      }
      if (agent.restored(AgentConfig.of(spec, sandbox.nameservers()), left())) {
        runHook(agent);
      }
      phases.enter(Phase.READINESS);
      return sandbox.becomeReady() ? new StartOutcome.Ok(sandbox) : sandbox.life().endedAtStart();
    } catch (SkepException e) {
      return broken(e);
    }
  }

  /** Again and again while memory is fetched: the guest may wait for it, and is ended otherwise. */
  private AgentClient dial() {
    while (true) {
      boolean arriving = sandbox.memoryArrives();
      try {
        return sandbox.connect();
      } catch (SkepException e) {
        if (!arriving || sandbox.life().exit().isDone() || System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  private void runHook(AgentClient agent) {
    ExecResult result = agent.exec(List.of(RESTORED_HOOK), left());
    if (result.exitCode() != 0) {
      throw new SkepException(
          SkepException.Code.UNAVAILABLE,
          RESTORED_HOOK
              + " of the image: exit code "
              + result.exitCode()
              + ": "
              + new String(result.stderr(), StandardCharsets.UTF_8).strip());
    }
  }

  StartOutcome boot() {
    try {
      return switch (await(sandbox.agentListens())) {
        case LATE -> failed(bootTimeout());
        case ENDED -> sandbox.life().endedAtStart();
        case HAPPENED -> {
          phases.enterAt(Phase.GUEST_INIT, sandbox.agentListens().join());
          yield startProcess(sandbox.connect());
        }
      };
    } catch (SkepException e) {
      return broken(e);
    }
  }

  private StartOutcome startProcess(AgentClient agent) {
    long sent = System.nanoTime();
    return switch (agent.start(AgentConfig.of(spec, sandbox.nameservers()), left())) {
      case AgentStart.Refused refused -> failed(refusal(refused));
      case AgentStart.Started(Duration toExec) -> untilReady(agent, sent + toExec.toNanos());
    };
  }

  private StartOutcome untilReady(AgentClient agent, long executed) {
    phases.enterAt(Phase.RUNTIME_INIT, Math.min(executed, System.nanoTime()));
    return switch (await(sandbox.ready())) {
      case LATE -> failed(probeTimeout(agent));
      case ENDED -> sandbox.life().endedAtStart();
      case HAPPENED -> {
        long passed = executed + sandbox.ready().join().sinceExec().toNanos();
        phases.enterAt(Phase.READINESS, Math.min(passed, System.nanoTime()));
        yield sandbox.becomeReady() ? new StartOutcome.Ok(sandbox) : sandbox.life().endedAtStart();
      }
    };
  }

  private Wait await(CompletableFuture<?> event) {
    try {
      CompletableFuture.anyOf(event, sandbox.life().exit(), sandbox.processExit())
          .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return Wait.LATE;
    } catch (ExecutionException | CancellationException e) {
      return Wait.ENDED; // the bell was taken down
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(SkepException.Code.UNAVAILABLE, "interrupted during a start", e);
    }
    return event.isDone() && !event.isCompletedExceptionally() ? Wait.HAPPENED : Wait.ENDED;
  }

  private Duration left() {
    return Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
  }

  private StartOutcome failed(StartFailure failure) {
    sandbox.end(new Exit(failure.exitCode(), false, failure.message(), failure.lastOutput()));
    return new StartOutcome.Failed(failure);
  }

  private StartFailure bootTimeout() {
    return new StartFailure(
        Reason.BOOT_TIMEOUT,
        "the guest did not boot within " + seconds() + " s (expected: its agent to listen)",
        OptionalInt.empty(),
        sandbox.consoleTail());
  }

  private StartFailure probeTimeout(AgentClient agent) {
    String last = "";
    try {
      last = agent.status().probeMessage();
    } catch (SkepException e) {
      last = e.getMessage();
    }
    return new StartFailure(
        Reason.PROBE_TIMEOUT,
        "not ready within "
            + seconds()
            + " s: "
            + probe()
            + (last == null || last.isEmpty() ? "" : ": " + last),
        OptionalInt.empty(),
        sandbox.lastOutput());
  }

  private String probe() {
    return switch (spec.readiness().check()) {
      case Probe.None() -> "the process does not run";
      case Probe.Tcp(int port) -> "nothing accepts TCP connections on port " + port(port);
      case Probe.Http(int port, String path, _) ->
          "GET " + path + " on port " + port(port) + " does not answer 200 to 399";
      case Probe.Exec(List<String> command) -> String.join(" ", command) + " does not exit with 0";
      case Probe.Grpc(int port, String service) ->
          "gRPC health of '" + service + "' on port " + port(port) + " is not SERVING";
    };
  }

  private int port(int asked) {
    return asked == 0 ? spec.port() : asked;
  }

  private StartFailure refusal(AgentStart.Refused refused) {
    Reason reason =
        switch (refused.cause()) {
          case ROOT -> Reason.IMAGE;
          case COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE -> Reason.COMMAND_NOT_FOUND;
          case UNKNOWN_USER, UNKNOWN_GROUP, WORKING_DIR, MOUNT -> Reason.CONFIGURATION;
          case OTHER -> Reason.HOST;
        };
    // nothing of the user's ran yet: only where the host or the image is at fault does the console
    // help
    boolean users = reason == Reason.COMMAND_NOT_FOUND || reason == Reason.CONFIGURATION;
    List<String> console = users ? List.of() : sandbox.consoleTail();
    return new StartFailure(reason, refused.message(), OptionalInt.empty(), console);
  }

  /** The channel failed; where the guest has died, that is the better story. */
  private StartOutcome broken(SkepException e) {
    try {
      sandbox.life().exit().get(1, TimeUnit.SECONDS);
      return sandbox.life().endedAtStart();
    } catch (TimeoutException | ExecutionException none) {
      return failed(
          new StartFailure(
              Reason.HOST,
              String.valueOf(e.getMessage()),
              OptionalInt.empty(),
              sandbox.lastOutput()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return failed(StartFailure.of(Reason.CANCELLED, "interrupted during the start"));
    }
  }

  private String seconds() {
    return String.valueOf(spec.readyTimeout().toMillis() / 1000.0).replaceAll("\\.0$", "");
  }
}
