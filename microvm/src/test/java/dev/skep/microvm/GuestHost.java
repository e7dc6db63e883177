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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Real guests of one test class, each of {@link GuestImage}. */
final class GuestHost implements AutoCloseable {
  static final Duration LONG = Duration.ofSeconds(20);
  static final Probe RUNS = probe(new Probe.Exec(List.of("inspect", "id")));

  private final Path state;
  private final Path image = GuestImage.erofs();
  private final MicroVmRuntime runtime;
  private final AtomicInteger count = new AtomicInteger();

  GuestHost(Path state) {
    this.state = state;
    this.runtime = MicroVmRuntime.open(TestHost.config(state));
  }

  /** As fast as is sensible, with time for a busy host. */
  static Probe probe(Probe.Check check) {
    return new Probe(check, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(5), 1, 3);
  }

  Sandbox started(String user, Probe readiness, String... argv) {
    return switch (start(user, readiness, Duration.ofSeconds(60), argv)) {
      case StartOutcome.Ok(Sandbox sandbox) -> sandbox;
      case StartOutcome.Failed(StartFailure failure) -> throw new AssertionError(failure);
    };
  }

  StartFailure refused(String user, Probe readiness, String... argv) {
    return switch (start(user, readiness, Duration.ofSeconds(12), argv)) {
      case StartOutcome.Ok ok -> throw new AssertionError(ok);
      case StartOutcome.Failed(StartFailure failure) -> failure;
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

  private StartOutcome start(String user, Probe readiness, Duration patience, String... argv) {
    String id = "guest%05d".formatted(count.incrementAndGet());
    var spec =
        new SandboxSpec(
            id,
            "fn-1",
            Map.of(),
            image,
            "sha256:" + "0".repeat(64),
            new ProcessSpec(List.of(argv), Map.of("PORT", "8080"), user, "/srv/new/folder"),
            new Resources(0.5, 64L << 20),
            8080,
            readiness,
            patience,
            NetworkPolicy.DEFAULT,
            state.resolve(id + ".log"));
    return runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));
  }

  @Override
  public void close() {
    runtime.close();
  }
}
