package dev.skep.microvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.skep.api.Resources;
import dev.skep.host.AddressPlan;
import dev.skep.host.GuestNetworks;
import dev.skep.host.HostNetwork;
import dev.skep.linux.Command;
import dev.skep.sandbox.Exit;
import dev.skep.sandbox.NetworkPolicy;
import dev.skep.sandbox.PhaseRecorder;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.SandboxSpec;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.sandbox.StartOutcome;
import dev.skep.sandbox.StartPlan;
import dev.skep.testkit.HostedRuntime;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can go wrong with real guests; after each test the host must be as it was before. */
@Tag("integration")
class MicroVmFaultsTest {
  @TempDir Path state;
  private HostedRuntime<MicroVmRuntime> runtime;
  private Map<String, Boolean> forwardingBefore;

  @BeforeAll
  static void needsAHost() {
    TestHost.assumeUsable();
  }

  @BeforeEach
  void openRuntime() {
    forwardingBefore = forwarding();
    runtime = TestHost.open(TestHost.config(state));
  }

  @AfterEach
  void leavesNothing() {
    runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    runtime.close();
    assertThat(new HostObjects(state).all()).isEmpty();
    Map<String, Boolean> forwardingAfter = forwarding();
    forwardingBefore.keySet().retainAll(forwardingAfter.keySet());
    assertThat(forwardingAfter).containsAllEntriesOf(forwardingBefore);
  }

  @Test
  void deathOfAVmmIsSeenAtOnceAndLeavesNothing() throws Exception {
    Sandbox sandbox = started(spec("death00001", List.of("/kit", "serve")));
    List<Long> vmms = VmmProcess.below(state.toRealPath().resolve("sandboxes"));
    assertThat(vmms).hasSize(1);

    ProcessHandle.of(vmms.getFirst()).orElseThrow().destroyForcibly();
    Exit exit = sandbox.onExit().toCompletableFuture().get(3, TimeUnit.SECONDS);

    assertThat(exit.code()).isEmpty();
    assertThat(exit.message()).contains("signal 9");
    assertThat(new HostObjects(state).of("death00001")).isEmpty();
  }

  @Test
  void processThatEatsAllMemoryIsTold() {
    StartFailure failure = failed(spec("hungry0001", List.of("/kit", "eat")));

    assertThat(failure.reason()).isEqualTo(Reason.OUT_OF_MEMORY);
    assertThat(failure.message()).contains("out of memory").contains("64 MiB");
  }

  @Test
  void guestThatDoesNotBootInTimeIsToldWithItsConsole() {
    StartFailure failure =
        failed(
            spec(
                "slowboot01",
                List.of("/kit", "serve"),
                NetworkPolicy.DEFAULT,
                Duration.ofMillis(400)));

    assertThat(failure.reason()).isEqualTo(Reason.BOOT_TIMEOUT);
    assertThat(failure.message()).contains("0.4 s");
  }

  @Test
  void moreMemoryThanTheHostHasIsRefusedWithBothFigures() {
    Resources tooMuch = new Resources(1, 1L << 50);
    StartFailure failure = failed(spec("toobig0001", TestImage.erofs(), tooMuch));

    assertThat(failure.reason()).isEqualTo(Reason.RESOURCES);
    assertThat(failure.message()).contains("1073741824 MiB asked, this host has");
  }

  @Test
  void imageThatIsNotErofsIsNamed() throws Exception {
    Path image = Files.writeString(state.resolve("not.erofs"), "no file system".repeat(1000));
    StartFailure failure = failed(spec("badimage01", image, new Resources(1, 64L << 20)));

    assertThat(failure.reason()).isEqualTo(Reason.IMAGE);
    assertThat(failure.message()).contains("EROFS");
  }

  @Test
  void whatACrashedDaemonLeftIsRemovedAndWhatIsNotOursStays() throws Exception {
    Sandbox sandbox = started(spec("crashed001", List.of("/kit", "serve")));
    AddressPlan plan = GuestNetworks.plan(state);
    Path sandboxes = state.toRealPath().resolve("sandboxes");
    runtime.close(); // a crash leaves at least what a close leaves
    ProcessHandle.of(VmmProcess.below(sandboxes).getFirst()).orElseThrow().destroyForcibly();
    Files.createDirectories(sandboxes.resolve("halfmade01"));
    String orphan = plan.namespacePrefix() + 4711;
    Command.of("ip", "netns", "add", orphan).run();
    Command.of("ip", "netns", "add", "skep-kept").run();
    try {
      runtime = TestHost.open(TestHost.config(state));

      assertThat(runtime.adopt()).isEmpty();

      assertThat(sandboxes.toFile().list()).isEmpty();
      assertThat(Path.of("/run/netns", orphan)).doesNotExist();
      assertThat(Path.of("/run/netns/skep-kept")).exists();
      assertThat(sandbox.state()).isEqualTo(Sandbox.State.READY); // the old object knows nothing
    } finally {
      Command.of("ip", "netns", "del", "skep-kept").run();
    }
  }

  @Test
  void pausedSandboxIsAdoptedPaused() {
    Sandbox first = started(spec("paused0001", List.of("/kit", "serve")));
    first.pause();
    runtime.close();

    runtime = TestHost.open(TestHost.config(state));
    Sandbox adopted = runtime.adopt().getFirst();

    assertThat(adopted.state()).isEqualTo(Sandbox.State.PAUSED);
    adopted.resume();
    assertThat(exec(adopted, "/kit", "echo", "here")).isEqualTo("here");
  }

  @Test
  void deathOfAnAdoptedVmmIsSeenAtOnce() throws Exception {
    started(spec("adopted001", List.of("/kit", "serve")));
    runtime.close();
    runtime = TestHost.open(TestHost.config(state));
    Sandbox adopted = runtime.adopt().getFirst();

    ProcessHandle.of(VmmProcess.below(state.toRealPath().resolve("sandboxes")).getFirst())
        .orElseThrow()
        .destroyForcibly();

    adopted.onExit().toCompletableFuture().get(3, TimeUnit.SECONDS);
    await().until(() -> new HostObjects(state).of("adopted001").isEmpty());
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

  static String exec(Sandbox sandbox, String... argv) {
    var result = sandbox.exec(List.of(argv), new byte[0], Duration.ofSeconds(20));
    return new String(result.stdout(), StandardCharsets.UTF_8).strip();
  }

  private SandboxSpec spec(String id, List<String> argv) {
    return spec(id, argv, NetworkPolicy.DEFAULT, Duration.ofSeconds(60));
  }

  private SandboxSpec spec(String id, Path image, Resources resources) {
    SandboxSpec good = spec(id, List.of("/kit", "serve"));
    return new SandboxSpec(
        good.id(),
        good.hostname(),
        good.labels(),
        image,
        good.imageDigest(),
        good.process(),
        resources,
        good.port(),
        good.readiness(),
        good.readyTimeout(),
        good.network(),
        good.logFile());
  }

  private SandboxSpec spec(
      String id, List<String> argv, NetworkPolicy network, Duration readyTimeout) {
    return TestHost.spec(state, id, argv, network, readyTimeout);
  }

  /** Of the host's own links, but for those that a daemon switched on: another one's stay on. */
  private static Map<String, Boolean> forwarding() {
    return HostNetwork.links(HostNetwork.routes()).stream()
        .filter(link -> !Files.exists(HostObjects.FORWARDING.resolve(link)))
        .collect(Collectors.toMap(link -> link, HostNetwork::forwards));
  }
}
