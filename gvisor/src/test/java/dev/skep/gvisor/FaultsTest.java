package dev.skep.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.Probe;
import dev.skep.host.Folders;
import dev.skep.host.Host;
import dev.skep.host.HostConfig;
import dev.skep.host.HostProcess;
import dev.skep.host.SandboxFolder;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What dies, and when: nothing of it stays on the host. */
@Tag("integration")
class FaultsTest {
  private static final String ID = "first00000";

  @TempDir Path state;

  @BeforeEach
  void needsRunsc() {
    TestRunsc.CURRENT.assumeUsable();
  }

  @AfterEach
  void nothingIsLeft() {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    }
    assertThat(new HostObjects(state).all()).isEmpty();
  }

  private Sandbox started(HostedRuntime<GvisorRuntime> runtime) {
    var sandboxes = new TestSandboxes(runtime, state);
    return sandboxes.started(sandboxes.server(ID), new StartPlan.Boot());
  }

  private SandboxFolder folder() {
    return new SandboxFolder(state.resolve("sandboxes").resolve(ID));
  }

  private Exit exit(Sandbox sandbox) throws Exception {
    return sandbox.onExit().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private void kill(String file) throws Exception {
    long pid = Long.parseLong(Files.readString(folder().path().resolve(file)).strip());
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
  }

  @Test
  void sentryThatIsKilledEndsTheSandbox() throws Exception {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      Sandbox sandbox = started(runtime);
      kill("pid");

      assertThat(exit(sandbox).message()).contains("signal 9");
      assertThat(new HostObjects(state).of(ID)).isEmpty();
    }
  }

  @Test
  void holderThatIsKilledEndsTheSandbox() throws Exception {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      Sandbox sandbox = started(runtime);
      kill("holder");

      assertThat(exit(sandbox).code()).isEmpty();
      assertThat(new HostObjects(state).of(ID)).isEmpty();
    }
  }

  @Test
  void sandboxThatWasMadeAndNotStartedIsReclaimed() {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      var spec = new TestSandboxes(runtime, state).server(ID);
      StartOutcome made =
          runtime.create(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));
      assertThat(made).isInstanceOf(StartOutcome.Ok.class);
    }
    assertThat(folder().path()).exists();
    try (HostedRuntime<GvisorRuntime> next = TestRunsc.CURRENT.open(state)) {
      assertThat(next.adopt()).isEmpty();
      assertThat(new HostObjects(state).of(ID)).isEmpty();
    }
  }

  @Test
  void sandboxThatRanAndWasNotReadyYetIsReclaimed() {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      started(runtime);
    }
    int slot = folder().host().orElseThrow().slot();
    folder().save(GvisorPlace.part(slot, 0, 0)); // as it was until the start's last step
    try (HostedRuntime<GvisorRuntime> next = TestRunsc.CURRENT.open(state)) {
      assertThat(next.adopt()).isEmpty();
      assertThat(new HostObjects(state).of(ID)).isEmpty();
    }
  }

  @Test
  void sandboxThatEndedWhileNoDaemonRanIsReclaimed() throws Exception {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      started(runtime);
    }
    long holder = folder().host().orElseThrow().pid();
    kill("pid");
    while (HostProcess.startTicks(holder).isPresent()) {
      Thread.onSpinWait();
    }
    assertThat(folder().path().resolve("status")).content().isEqualTo("137\n");
    try (HostedRuntime<GvisorRuntime> next = TestRunsc.CURRENT.open(state)) {
      assertThat(next.adopt()).isEmpty();
    }
  }

  @Test
  void sandboxIsReclaimedWhereRunscIsGone() {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      started(runtime);
    }
    var none = new GvisorConfig(Optional.of(state.resolve("no-runsc")), Optional.empty());
    Host host = Host.open(new HostConfig(state, Optional.empty(), Optional.empty(), 1));
    try (var next = new HostedRuntime<>(GvisorRuntime.open(host, none), host)) {
      assertThat(next.adopt()).isEmpty();
      assertThat(folder().path()).doesNotExist();
    }
    Folders.delete(state.resolve("gvisor/runsc")); // what runsc knew of it
  }

  @Test
  void pausedSandboxIsAdoptedPaused() throws Exception {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      started(runtime).pause();
    }
    try (HostedRuntime<GvisorRuntime> next = TestRunsc.CURRENT.open(state)) {
      List<Sandbox> adopted = next.adopt();
      assertThat(adopted).extracting(Sandbox::state).containsExactly(Sandbox.State.PAUSED);
      adopted.getFirst().resume();
      assertThat(TestSandboxes.get(adopted.getFirst())).contains("GREETING=hi");
      adopted.getFirst().stop(Duration.ZERO);
    }
  }

  @Test
  void functionThatEatsMoreThanItsMemoryIsSaidToHave() {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      var spec = new TestSandboxes(runtime, state).spec(ID, "", "/", Probe.onPort(), "/kit", "eat");
      StartOutcome outcome =
          runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));

      assertThat(outcome.toString()).contains("OUT_OF_MEMORY");
    }
  }
}
