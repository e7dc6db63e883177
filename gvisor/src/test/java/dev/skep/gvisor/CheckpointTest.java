package dev.skep.gvisor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.sandbox.Mount;
import dev.skep.sandbox.Paging;
import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.testkit.HostedRuntime;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sandboxes that are saved once and restored into other namespaces. */
@Tag("integration")
class CheckpointTest {
  @TempDir Path state;

  /** Also where a test has failed. */
  @AfterEach
  void stopAll() {
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      runtime.adopt().forEach(left -> left.stop(Duration.ZERO));
    }
  }

  private Path save(Sandbox sandbox) throws IOException {
    Path snapshot = Files.createDirectory(state.resolve("snapshot"));
    Duration stood = sandbox.snapshot(snapshot);
    assertThat(stood).isPositive();
    return snapshot;
  }

  private static String identity(Sandbox sandbox) {
    return TestSandboxes.inspect(sandbox, "id").getFirst().replaceAll("^pid=\\d+ ", "");
  }

  private static StartPlan from(Path snapshot) {
    return new StartPlan.Restore(snapshot, Paging.FILE, false);
  }

  @ParameterizedTest
  @EnumSource
  void clonesGoOnAsSomebodyElse(TestRunsc runsc) throws Exception {
    runsc.assumeUsable();
    try (HostedRuntime<GvisorRuntime> runtime = runsc.open(state)) {
      var sandboxes = new TestSandboxes(runtime, state);
      Sandbox first = sandboxes.started(sandboxes.server("first00000"), new StartPlan.Boot());
      assertThat(TestSandboxes.get(first)).contains("GREETING=hi");
      Path snapshot = save(first);
      assertThat(Files.list(snapshot).map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(SnapshotFiles.MEMORY, SnapshotFiles.STATE);
      assertThat(TestSandboxes.get(first)).as("after it was saved").contains("GREETING=hi");

      var all = new ArrayList<>(List.of(first));
      for (String id : List.of("second0000", "third00000")) {
        all.add(sandboxes.started(sandboxes.server(id), from(snapshot)));
      }
      for (Sandbox clone : all.subList(1, 3)) {
        assertThat(TestSandboxes.get(clone)).contains("GREETING=hi");
        assertThat(clone.spec().logFile()).as("it does not begin again").doesNotExist();
        assertThat(TestSandboxes.inspect(clone, "show", "/etc/hosts"))
            .contains(clone.endpoint().getAddress().getHostAddress() + "\thost-" + clone.id());
        assertThat(TestSandboxes.inspect(clone, "describe", "/tmp/was-restored").getFirst())
            .doesNotContain("No such file");
      }
      assertThat(all.stream().map(clone -> TestSandboxes.run(clone, "/kit", "identity").get(0)))
          .as("random numbers")
          .doesNotHaveDuplicates();
      assertThat(all.stream().map(clone -> TestSandboxes.run(clone, "/kit", "identity").get(2)))
          .as("machine ids")
          .doesNotHaveDuplicates();
      if (runsc == TestRunsc.CURRENT) { // the other keeps the name that was saved
        assertThat(TestSandboxes.run(all.getLast(), "/kit", "identity").get(1))
            .isEqualTo("host-third00000");
      }
      all.forEach(sandbox -> sandbox.stop(Duration.ZERO));
    }
    assertThat(new HostObjects(state).all()).isEmpty();
  }

  /** Whoever it runs as, and wherever: what is empty in its configuration is compared too. */
  @ParameterizedTest
  @ValueSource(strings = {"1000", "4711:4711", ""})
  void clonesHaveTheUserOfTheOriginal(String user) throws Exception {
    TestRunsc.CURRENT.assumeUsable();
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      var sandboxes = new TestSandboxes(runtime, state);
      Sandbox first =
          sandboxes.started(
              sandboxes.spec("first00000", user, "/srv/new", TestSandboxes.RUNS, "inspect", "wait"),
              new StartPlan.Boot());
      Path snapshot = save(first);
      Sandbox clone =
          sandboxes.started(
              sandboxes.spec("second0000", user, "/srv/new", TestSandboxes.RUNS, "inspect", "wait"),
              from(snapshot));

      assertThat(identity(clone)).isEqualTo(identity(first)).contains("cwd=/srv/new");
    }
  }

  @Test
  void clonesHaveWhatTheOriginalHadMountedUnlessOthersCanChangeIt() throws Exception {
    TestRunsc.CURRENT.assumeUsable();
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      var sandboxes = new TestSandboxes(runtime, state);
      List<Mount> mounts =
          List.of(
              new Mount.Files("/etc/app", Map.of("main.conf", "a = 1\n".getBytes(UTF_8)), 0644),
              new Mount.Files("/etc/one", Map.of("", "alone\n".getBytes(UTF_8)), 0644),
              new Mount.Scratch("/work", OptionalLong.of(1 << 20)));
      Sandbox first =
          sandboxes.started(
              sandboxes.server("first00000").withMounts(mounts), new StartPlan.Boot());
      first.exec(
          List.of("/kit", "write", "/work/a"), "kept\n".getBytes(UTF_8), Duration.ofSeconds(20));
      Path snapshot = save(first);
      Sandbox clone =
          sandboxes.started(sandboxes.server("second0000").withMounts(mounts), from(snapshot));

      assertThat(TestSandboxes.run(clone, "/kit", "read", "/etc/app/main.conf"))
          .containsExactly("a = 1");
      assertThat(TestSandboxes.run(clone, "/kit", "read", "/etc/one")).containsExactly("alone");
      assertThat(TestSandboxes.run(clone, "/kit", "read", "/work/a")).containsExactly("kept");
      var folder = new Mount.Folder("/data", state, true);
      assertThat(runtime.snapshotKey(clone.spec())).isPresent();
      assertThat(runtime.snapshotKey(clone.spec().withMounts(List.of(folder)))).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void openConnectionsDoNotSpoilACheckpoint(TestRunsc runsc) throws Exception {
    runsc.assumeUsable();
    try (HostedRuntime<GvisorRuntime> runtime = runsc.open(state)) {
      var sandboxes = new TestSandboxes(runtime, state);
      Sandbox first = sandboxes.started(sandboxes.server("first00000"), new StartPlan.Boot());
      Path snapshot;
      try (var open = new Socket()) { // the server, which has one thread, waits for its request
        open.connect(first.endpoint());
        snapshot = save(first);
      }
      Sandbox clone = sandboxes.started(sandboxes.server("second0000"), from(snapshot));

      assertThat(TestSandboxes.get(first)).contains("GREETING=hi");
      assertThat(TestSandboxes.get(clone)).contains("GREETING=hi");
      clone.stop(Duration.ZERO);
      first.stop(Duration.ZERO);
    }
  }

  @Test
  void restoreOfWhatIsNoSnapshotFailsAndLeavesNothing() throws Exception {
    TestRunsc.CURRENT.assumeUsable();
    Path snapshot = Files.createDirectory(state.resolve("broken"));
    Files.write(snapshot.resolve(SnapshotFiles.MEMORY), new byte[4096]);
    Files.write(snapshot.resolve(SnapshotFiles.STATE), new byte[64]);
    try (HostedRuntime<GvisorRuntime> runtime = TestRunsc.CURRENT.open(state)) {
      var sandboxes = new TestSandboxes(runtime, state);

      assertThatThrownBy(() -> sandboxes.started(sandboxes.server("first00000"), from(snapshot)))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("the snapshot cannot be restored: ");
    }
    assertThat(new HostObjects(state).all()).isEmpty();
  }

  @Test
  void keysDifferWhereStatesDo() {
    TestRunsc.CURRENT.assumeUsable();
    var sandboxes = new TestSandboxes(TestRunsc.CURRENT.open(state), state);
    var spec = sandboxes.server("first00000");

    String key = CheckpointKeys.of(spec, "runsc 1 (systrap)");

    assertThat(key).matches("sha256:[0-9a-f]{64}");
    assertThat(CheckpointKeys.of(sandboxes.server("second0000"), "runsc 1 (systrap)"))
        .isEqualTo(key);
    assertThat(CheckpointKeys.of(spec, "runsc 2 (systrap)")).isNotEqualTo(key);
    assertThat(CheckpointKeys.of(spec, "runsc 1 (kvm)")).isNotEqualTo(key);
  }
}
