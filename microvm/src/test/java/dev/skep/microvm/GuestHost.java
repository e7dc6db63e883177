package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.sandbox.ExecResult;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Real guests of one test class, each of {@link GuestImage}. */
final class GuestHost implements AutoCloseable {
  static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration BOOT = Duration.ofSeconds(60);

  /** A booted guest runs its function and is told why in well under a second, on a quiet host. */
  private static final Duration REFUSAL = Duration.ofSeconds(5);

  static final Probe RUNS = probe(new Probe.Exec(List.of("inspect", "id")));

  private final Path state;
  private final double cpus;
  private final Path image = GuestImage.erofs();
  private final HostedRuntime<MicroVmRuntime> runtime;
  private final AtomicInteger count = new AtomicInteger();

  /**
   * @param cpus of each guest; without KVM, a guest with half a CPU takes twice as long to boot
   */
  GuestHost(Path state, double cpus) {
    this.state = state;
    this.cpus = cpus;
    this.runtime = TestHost.open(TestHost.config(state));
  }

  /** As fast as is sensible, with time for a busy host. */
  static Probe probe(Probe.Check check) {
    return new Probe(check, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(5), 1, 3);
  }

  Sandbox started(String user, Probe readiness, String... argv) {
    SandboxSpec spec = spec(user, readiness, BOOT, argv);
    return sandbox(runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime)));
  }

  /** Begins once the guest has booted: however long that took, it has the same time to refuse. */
  StartFailure refused(String user, Probe readiness, String... argv) throws Exception {
    var phases = new PhaseRecorder(System::nanoTime);
    SandboxSpec spec = spec(user, readiness, REFUSAL, argv);
    var sandbox = (MicroVmSandbox) sandbox(runtime.create(spec, new StartPlan.Boot(), phases));
    try {
      sandbox.agentListens().get(BOOT.toSeconds(), TimeUnit.SECONDS);
      return switch (sandbox.start(phases)) {
        case StartOutcome.Ok ok -> throw new AssertionError(ok);
        case StartOutcome.Failed(StartFailure failure) -> failure;
      };
    } finally {
      sandbox.stop(Duration.ZERO);
    }
  }

  private static Sandbox sandbox(StartOutcome outcome) {
    return switch (outcome) {
      case StartOutcome.Ok(Sandbox sandbox) -> sandbox;
      case StartOutcome.Failed(StartFailure failure) -> throw new AssertionError(failure);
    };
  }

  /** What {@code inspect} prints when it is run beside the function. */
  static List<String> inspect(Sandbox sandbox, String... arguments) {
    String[] argv = new String[arguments.length + 1];
    argv[0] = "inspect";
    System.arraycopy(arguments, 0, argv, 1, arguments.length);
    ExecResult result = sandbox.exec(List.of(argv), new byte[0], LONG);
    assertThat(result.exitCode()).as(String.join(" ", argv)).isZero();
    return new String(result.stdout(), StandardCharsets.UTF_8).lines().toList();
  }

  private SandboxSpec spec(String user, Probe readiness, Duration patience, String... argv) {
    String id = "guest%05d".formatted(count.incrementAndGet());
    return new SandboxSpec(
        id,
        "fn-1",
        Map.of(),
        image,
        "sha256:" + "0".repeat(64),
        new ProcessSpec(List.of(argv), Map.of("PORT", "8080"), user, "/srv/new/folder"),
        new Resources(cpus, 64L << 20),
        8080,
        readiness,
        patience,
        NetworkPolicy.DEFAULT,
        state.resolve(id + ".log"),
        List.of("default.svc.cluster.local", "svc.cluster.local"),
        List.of());
  }

  @Override
  public void close() {
    runtime.close();
  }
}
