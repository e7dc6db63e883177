package dev.skep.testkit;

import dev.skep.sandbox.Capabilities;
import dev.skep.sandbox.Phase;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxRuntime;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Sandboxes in memory that behave as scripted. It passes the same {@link SandboxTestKit} as real
 * runtimes: with the programs of {@link FakeProgram} as commands it also finds missing commands and
 * users, exits, hangs and sees signals.
 */
public final class FakeSandboxRuntime implements SandboxRuntime {
  private final FakeHost host;
  private final InstantSource clock;
  private final Sleeper sleeper;
  private volatile boolean snapshots;
  private volatile Predicate<Path> refused = _ -> false;
  private volatile Function<SandboxSpec, FakeBehaviour> behaviour = _ -> FakeBehaviour.SERVES;

  /** On real time, on a machine of its own, answering HTTP. */
  public FakeSandboxRuntime() {
    this(new FakeHost(), Clock.systemUTC(), Sleeper.REAL);
  }

  /**
   * @param clock stamps the log lines
   * @param sleeper how the delays of {@link FakeBehaviour} are spent
   */
  public FakeSandboxRuntime(FakeHost host, InstantSource clock, Sleeper sleeper) {
    this.host = host;
    this.clock = clock;
    this.sleeper = sleeper;
  }

  /** What sandboxes that are created from now on do; asked once for each. */
  public FakeSandboxRuntime behaving(Function<SandboxSpec, FakeBehaviour> script) {
    this.behaviour = script;
    return this;
  }

  public FakeSandboxRuntime behaving(FakeBehaviour always) {
    return behaving(_ -> always);
  }

  /** From now on its sandboxes can be saved and restored. */
  public FakeSandboxRuntime withSnapshots() {
    snapshots = true;
    return this;
  }

  /** Restores from snapshots that match fail from now on. */
  public FakeSandboxRuntime refusing(Predicate<Path> snapshots) {
    refused = snapshots;
    return this;
  }

  public FakeHost host() {
    return host;
  }

  @Override
  public String kind() {
    return "fake";
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(true, "in memory", List.of("pause", "pager"));
  }

  @Override
  public Optional<String> snapshotKey(SandboxSpec spec) {
    String key = spec.imageDigest() + spec.process().argv() + new TreeMap<>(spec.process().env());
    return snapshots
        ? Optional.of("sha256:" + String.format("%064x", key.hashCode() & 0xffffffffL))
        : Optional.empty();
  }

  @Override
  public StartOutcome create(SandboxSpec spec, StartPlan plan, PhaseRecorder phases) {
    FakeBehaviour does = behaviour.apply(spec);
    phases.enter(Phase.NET_SETUP);
    phases.enter(Phase.SANDBOX_CREATE);
    if (plan instanceof StartPlan.Restore(Path snapshot, _, _)
        && (refused.test(snapshot) || !Files.exists(snapshot.resolve(FakeSandbox.STATE)))) {
      return failed(StartFailure.Reason.HOST, snapshot + ": no snapshot");
    }
    var sandbox = new FakeSandbox(spec, plan, does, host, clock, sleeper);
    try {
      sleeper.sleep(does.createDelay());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return failed(StartFailure.Reason.CANCELLED, "interrupted while it was created");
    }
    host.add(sandbox);
    return new StartOutcome.Ok(sandbox);
  }

  @Override
  public List<Sandbox> adopt() {
    return host.adoptable();
  }

  @Override
  public void close() {}

  static StartOutcome failed(StartFailure.Reason reason, String message) {
    return new StartOutcome.Failed(StartFailure.of(reason, message));
  }
}
