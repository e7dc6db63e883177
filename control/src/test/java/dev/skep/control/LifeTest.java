package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.sandbox.Sandbox;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.store.ResourceKind;
import dev.skep.telemetry.ColdStart;
import dev.skep.testkit.FakeBehaviour;
import dev.skep.testkit.FakeSandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LifeTest {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void deploy() {
    world = new World(folder);
    world.apply("hello", World.IMAGE, "window", "10s");
    world.seconds(1);
  }

  private FakeSandbox only() {
    assertThat(world.sandboxes()).hasSize(1);
    return world.sandboxes().getFirst();
  }

  @Test
  void crashedInstanceIsReplacedForTheNextRequest() {
    FakeSandbox first = only();
    first.die("killed");
    world.seconds(0.01);
    assertThat(world.gateway.endpoints(World.revision("hello-00001"))).isEmpty();

    FakeDataPlane.Request request = world.send("hello");
    world.seconds(1);

    assertThat(request.instance).isPresent().isNotEqualTo(Optional.of(first.id()));
  }

  @Test
  void oneCrashIsNoReasonToCallTheServiceBroken() {
    only().exit(1);
    world.seconds(1);

    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void crashLoopBacksOffAndTellsWhoWaits() {
    for (int i = 0; i < 4; i++) {
      world.send("hello");
      world.seconds(20);
      world.sandboxes().forEach(sandbox -> sandbox.exit(9));
      world.seconds(0.01);
      world.send("hello");
      world.seconds(0.3);
      world.sandboxes().forEach(sandbox -> sandbox.exit(9));
      world.seconds(0.3);
    }

    assertThat(world.condition("hello", "Ready")).startsWith("False RevisionFailed");
    assertThat(world.gateway.refusals.get(World.revision("hello-00001")))
        .anyMatch(failure -> failure.exitCode().equals(OptionalInt.of(9)));
  }

  @Test
  void failingStartsAreFewAndEachWaitingRequestLearnsWhy() {
    world.seconds(20);
    world.runtime.behaving(FakeBehaviour.SILENT.failing(Reason.HOST, "no memory"));
    int before = world.coldStarts.list(_ -> true, 1000).size();
    for (int i = 0; i < 300; i++) {
      world.send("hello");
      world.seconds(1);
    }

    assertThat(world.coldStarts.list(_ -> true, 1000).size() - before).isBetween(6, 16);
    assertThat(world.gateway.requests)
        .filteredOn(request -> request.answer.isEmpty())
        .hasSizeLessThan(5);
    assertThat(world.condition("hello", "Ready")).contains("no memory");

    world.runtime.behaving(FakeBehaviour.SILENT);
    world.seconds(70);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void instanceOutOfReachIsReplacedAndOneThatAnswersComesBack() {
    String first = only().id();
    world.gateway.listener.unreachable(World.revision("hello-00001"), first, "refused");
    world.seconds(0.05);
    assertThat(world.gateway.endpoints(World.revision("hello-00001"))).isEmpty();
    world.seconds(0.2);
    assertThat(world.gateway.endpoints(World.revision("hello-00001"))).containsExactly(first);

    world.reachable = false;
    world.gateway.listener.unreachable(World.revision("hello-00001"), first, "refused");
    world.seconds(1);
    assertThat(world.host.find(first)).isEmpty();
    assertThat(world.send("hello").waits()).isTrue();
    world.seconds(1);
    assertThat(only().id()).isNotEqualTo(first);
  }

  @Test
  void drainingInstanceFinishesItsRequestsAndGetsNoNewOnes() {
    FakeDataPlane.Request request = world.send("hello");
    world.delete("hello");
    world.seconds(60);
    assertThat(world.sandboxes()).hasSize(1);
    assertThat(world.directory.list().getFirst().state()).isEqualTo("draining");
    assertThat(world.gateway.table.hosts()).isEmpty();

    world.finish(request);
    world.seconds(1);
    assertThat(request.answer).hasValue("200");
    assertThat(world.sandboxes()).isEmpty();
    assertThat(world.gateway.forgotten).contains(World.revision("hello-00001"));
  }

  @Test
  void drainingEndsAtTheRevisionsTimeout() {
    world.send("hello");
    world.delete("hello");
    world.seconds(299);
    assertThat(world.sandboxes()).hasSize(1);
    world.seconds(3);
    assertThat(world.sandboxes()).isEmpty();
  }

  @Test
  void deletionCancelsStartsAndAnswersWhoWaits() {
    world.seconds(20);
    FakeDataPlane.Request request = world.send("hello");
    world.delete("hello");
    assertThat(request.answer.orElseThrow()).contains("revision default/hello-00001 was deleted");
    world.seconds(5);

    assertThat(world.sandboxes()).isEmpty();
    assertThat(world.store.list(ResourceKind.REVISION, Optional.empty()).items()).isEmpty();
  }

  @Test
  void serviceMadeAgainUnderItsNameIsAnother() {
    world.send("hello");
    String old = only().id();
    world.delete("hello");
    world.apply("hello", World.IMAGE);
    world.seconds(2);

    assertThat(world.gateway.endpoints(World.revision("hello-00001")))
        .hasSize(1)
        .doesNotContain(old);
    world.seconds(400);
    assertThat(world.host.find(old)).isEmpty();
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.send("hello").revision).isEqualTo(World.revision("hello-00001"));
  }

  @Test
  void restartedDaemonAdoptsReadyInstancesWithoutStartingAny() {
    String id = only().id();
    String startId = world.directory.list().getFirst().startId();
    int starts = world.coldStarts.list(_ -> true, 100).size();
    world.restartDaemon();

    assertThat(world.gateway.endpoints(World.revision("hello-00001"))).containsExactly(id);
    assertThat(world.send("hello").instance).hasValue(id);
    assertThat(world.directory.list().getFirst().startId()).isEqualTo(startId);
    world.seconds(3);
    assertThat(world.coldStarts.list(_ -> true, 100)).hasSize(starts);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void restartedDaemonStopsWhatBelongsToNothing() {
    world.store.delete(World.SERVICES, "default", "hello");
    world.restartDaemon();
    world.seconds(1);

    assertThat(world.sandboxes()).isEmpty();
    assertThat(world.store.list(ResourceKind.REVISION, Optional.empty()).items()).isEmpty();
  }

  @Test
  void restartedDaemonGoesOnWithAnInterruptedDeployment() {
    world.apply("other", World.IMAGE);
    world.restartDaemon();
    world.seconds(2);

    assertThat(world.condition("other", "Ready")).isEqualTo("True");
  }

  @Test
  void pausedInstanceIsResumedWhenAdopted() {
    only().pause();
    world.restartDaemon();

    assertThat(only().state()).isEqualTo(Sandbox.State.READY);
  }

  @Test
  void stoppedInstancesStayVisibleWithTheirLogs() {
    String id = only().id();
    world.seconds(20);

    InstanceView view = world.directory.find(id).orElseThrow();
    assertThat(view.state()).isEqualTo("stopped");
    assertThat(world.directory.logFile(id).orElseThrow()).exists();
    assertThat(world.directory.stats(id)).isEmpty();
  }

  @Test
  void logsOfGoneInstancesAreBounded() throws Exception {
    for (int i = 0; i < 8; i++) {
      world.finish(cold());
      world.seconds(20);
    }
    try (Stream<Path> logs = Files.list(folder.resolve("logs/default/hello-00001"))) {
      assertThat(logs).hasSize(3);
    }
  }

  private FakeDataPlane.Request cold() {
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.5);
    return request;
  }

  @Test
  void recordOfAFailedStartSaysWhyAndWhoWaited() {
    world.seconds(20);
    world.runtime.behaving(FakeBehaviour.SILENT.failing(Reason.BOOT_TIMEOUT, "no agent"));
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.5);

    List<ColdStart> failed = world.coldStarts.list(start -> start.failure().isPresent(), 1);
    assertThat(failed.getFirst().requestId()).hasValue(request.id);
    assertThat(failed.getFirst().failure().orElseThrow().reason()).isEqualTo(Reason.BOOT_TIMEOUT);
  }

  @Test
  void deletedServiceLeavesNothingOnTheHost() {
    world.delete("hello");
    world.seconds(2);

    assertThat(world.sandboxes()).isEmpty();
    assertThat(world.directory.counts()).isEmpty();
  }
}
