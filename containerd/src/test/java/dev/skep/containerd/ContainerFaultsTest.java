package dev.skep.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import containerd.services.containers.v1.ContainersOuterClass.Container;
import containerd.services.containers.v1.ContainersOuterClass.ListContainersRequest;
import dev.skep.api.Probe;
import dev.skep.api.Resources;
import dev.skep.host.HostProcess;
import dev.skep.linux.ProcessWatch;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.ProcessSpec;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can go wrong with real containers; after each test the host must be as it was before. */
@Tag("integration")
class ContainerFaultsTest {
  @TempDir Path state;
  private HostedRuntime<ContainerRuntime> runtime;

  @BeforeAll
  static void needsAHost() {
    TestContainerd.assumeUsable();
  }

  Path programs() {
    return TestContainerd.installed();
  }

  @BeforeEach
  void openRuntime() {
    runtime = open();
  }

  private HostedRuntime<ContainerRuntime> open() {
    return TestContainerd.open(state, programs());
  }

  @AfterEach
  void leavesNothing() {
    runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    runtime.close();
    await().atMost(Duration.ofSeconds(5)).until(() -> new HostObjects(state).all(), List::isEmpty);
  }

  @Test
  void containersRunOnWhenContainerdIsKilledAndAreReachedAgain() throws Exception {
    Sandbox sandbox = started(spec("survivor01", List.of("/kit", "serve")));

    ProcessHandle killed = containerd();
    killed.destroyForcibly();
    killed.onExit().join();

    assertThat(answers(sandbox)).isTrue();
    assertThat(exec(sandbox, "/kit", "echo", "back")).isEqualTo("back");
    Exit exit = sandbox.stop(Duration.ofSeconds(10));
    assertThat(exit.code()).hasValue(0);
    assertThat(Files.readString(sandbox.spec().logFile())).contains("got SIGTERM");
  }

  @Test
  void exitWhileContainerdIsAwayIsToldWhenItIsBack() throws Exception {
    runtime.close();
    try (var watch = ProcessWatch.open()) {
      var other = new EmbeddedContainerd(state.resolve("other"), Optional.of(programs()), watch);
      try {
        other.ensure();
        runtime = TestContainerd.at(state, other.socket());
        Exit exit = exitWhileAway(other);
        assertThat(exit.code()).isEqualTo(codeWhileAway(5));
        runtime.close();
      } finally {
        other.stop();
      }
    }
    runtime = open();
  }

  private Exit exitWhileAway(EmbeddedContainerd other) throws Exception {
    Sandbox sandbox = started(spec("goneaway01", List.of("/kit", "serve-exit", "5")));
    other.close(); // nobody starts it again
    other.running().orElseThrow().destroyForcibly();
    await().atMost(Duration.ofSeconds(10)).until(() -> !answers(sandbox));
    assertThat(sandbox.onExit().toCompletableFuture()).isNotDone();
    other.ensure();
    return sandbox.onExit().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  /** What containerd knows, when it is back, of a process that has ended with the code. */
  OptionalInt codeWhileAway(int code) {
    return OptionalInt.of(code);
  }

  @Test
  void hostWithoutContainerdIsToldWhatToInstall() {
    runtime.close();
    runtime = TestContainerd.at(state, state.resolve("none.sock"));

    StartFailure failure = failed(spec("absent0001", List.of("/kit", "serve")));

    assertThat(failure.reason()).isEqualTo(Reason.HOST);
    assertThat(failure.message()).contains("none.sock").contains("apt-get install containerd");
    assertThat(runtime.capabilities().available()).isFalse();
    runtime.close();
    runtime = open();
  }

  @Test
  void whatWouldBeUsedIsToldWithoutStartingIt() {
    assertThat(runtime.capabilities().detail()).contains("containerd").contains("runc");

    assertThat(new HostObjects(state).all()).isEmpty();
  }

  @Test
  void deathOfAShimIsSeenAndLeavesNothing() throws Exception {
    Sandbox sandbox = started(spec("shimdead01", List.of("/kit", "serve")));

    new HostObjects(state).shim("shimdead01").orElseThrow().destroyForcibly();
    Exit exit = sandbox.onExit().toCompletableFuture().get(20, TimeUnit.SECONDS);

    assertThat(exit.code().orElse(137)).isEqualTo(137);
    assertThat(new HostObjects(state).of("shimdead01")).isEmpty();
  }

  @Test
  void whatACrashedDaemonLeftIsRemovedAndWhatIsNotOursStays() throws Exception {
    Sandbox first = started(spec("crashed001", List.of("/kit", "serve-exit", "3")));
    runtime.close(); // a crash leaves at least what a close leaves
    await().atMost(Duration.ofSeconds(10)).until(() -> !answers(first));
    try (var watch = ProcessWatch.open();
        var own =
            new EmbeddedContainerd(
                state.toRealPath().resolve("containerd"), Optional.of(programs()), watch)) {
      own.ensure();
      try (var containerd = Containerd.connect(own.socket(), Duration.ofSeconds(10))) {
        byte[] spec = "{}".getBytes(StandardCharsets.UTF_8);
        var mine = new ContainerTask(containerd, "halfmade01");
        mine.create(spec, Map.of(ContainerHost.OWNER_LABEL, state.toString()));
        var others = new ContainerTask(containerd, "others0001");
        others.create(spec, Map.of(ContainerHost.OWNER_LABEL, "/elsewhere"));

        runtime = open();
        assertThat(runtime.adopt()).isEmpty();

        assertThat(ids(containerd)).containsExactly("others0001");
        assertThat(new HostObjects(state).of("crashed001")).isEmpty();
        others.delete();
      }
    }
  }

  @Test
  void pausedSandboxIsAdoptedPaused() {
    Sandbox first = started(spec("paused0001", List.of("/kit", "serve")));
    first.pause();
    runtime.close();

    runtime = open();
    Sandbox adopted = runtime.adopt().getFirst();

    assertThat(adopted.state()).isEqualTo(Sandbox.State.PAUSED);
    adopted.resume();
    assertThat(exec(adopted, "/kit", "echo", "here")).isEqualTo("here");
  }

  @Test
  void pausedSandboxIsStopped() {
    Sandbox sandbox = started(spec("frozen0001", List.of("/kit", "serve")));
    sandbox.pause();

    sandbox.stop(Duration.ZERO);

    assertThat(new HostObjects(state).of("frozen0001")).isEmpty();
  }

  @Test
  void processThatEatsAllMemoryIsTold() {
    StartFailure failure = failed(spec("hungry0001", List.of("/kit", "eat")));

    assertThat(failure.reason()).isEqualTo(Reason.OUT_OF_MEMORY);
    assertThat(failure.message()).contains("out of memory").contains("64 MiB");
  }

  @Test
  void imageThatIsNotErofsIsNamed() throws Exception {
    Path image = Files.writeString(state.resolve("not.erofs"), "no file system".repeat(1000));

    StartFailure failure = failed(spec("badimage01", List.of("/kit", "serve"), image));

    assertThat(failure.reason()).isEqualTo(Reason.IMAGE);
    assertThat(failure.message()).contains("EROFS");
  }

  @Test
  void commandThatRunsTooLongInsideIsKilled() {
    Sandbox sandbox = started(spec("longexec01", List.of("/kit", "serve")));

    assertThat(
            catchThrowable(
                () -> sandbox.exec(List.of("/kit", "sleep"), new byte[0], Duration.ofMillis(300))))
        .hasMessageContaining("still running after 300 ms");
    assertThat(answers(sandbox)).isTrue();
  }

  private static List<String> ids(Containerd containerd) {
    var all = ListContainersRequest.getDefaultInstance();
    return containerd.containers().list(all).getContainersList().stream()
        .map(Container::getId)
        .toList();
  }

  private ProcessHandle containerd() {
    return ProcessHandle.allProcesses()
        .filter(
            process ->
                HostProcess.arguments(process.pid())
                    .contains(state.resolve("containerd/config.toml").toString()))
        .findFirst()
        .orElseThrow();
  }

  private static boolean answers(Sandbox sandbox) {
    try (var socket = new Socket()) {
      socket.connect(sandbox.endpoint(), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private Sandbox started(SandboxSpec spec) {
    StartOutcome outcome =
        runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));
    assertThat(outcome).isInstanceOf(StartOutcome.Ok.class);
    return ((StartOutcome.Ok) outcome).sandbox();
  }

  private StartFailure failed(SandboxSpec spec) {
    StartOutcome outcome =
        runtime.start(spec, new StartPlan.Boot(), new PhaseRecorder(System::nanoTime));
    assertThat(outcome).isInstanceOf(StartOutcome.Failed.class);
    return ((StartOutcome.Failed) outcome).failure();
  }

  private static String exec(Sandbox sandbox, String... argv) {
    var result = sandbox.exec(List.of(argv), new byte[0], Duration.ofSeconds(20));
    return new String(result.stdout(), StandardCharsets.UTF_8).strip();
  }

  private SandboxSpec spec(String id, List<String> argv) {
    return spec(id, argv, TestImage.erofs());
  }

  private SandboxSpec spec(String id, List<String> argv, Path image) {
    return new SandboxSpec(
        id,
        "host-" + id,
        Map.of(),
        image,
        "sha256:" + "0".repeat(64),
        new ProcessSpec(argv, Map.of("PORT", "8080", "GREETING", id), "", "/"),
        new Resources(1, 64L << 20),
        8080,
        Probe.onPort(),
        Duration.ofSeconds(20),
        NetworkPolicy.DEFAULT,
        state.resolve(id + ".log"));
  }
}
