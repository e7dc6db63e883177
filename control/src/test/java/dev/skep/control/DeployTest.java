package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.SkepException;
import dev.skep.image.ImageConfig;
import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.store.ResourceKind;
import dev.skep.testkit.FakeBehaviour;
import dev.skep.testkit.FakeImages;
import dev.skep.testkit.FakeProgram;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeployTest {
  private static final FakeBehaviour EXITS =
      FakeBehaviour.SILENT.failing(
          new StartFailure(
              Reason.GUEST_EXIT, "exit code 3", OptionalInt.of(3), List.of("no database")));

  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
  }

  @Test
  void conditionsAreUnknownWhileItProgressesAndTrueOnceTheFirstInstanceIsReady() {
    world.apply("hello", World.IMAGE);
    world.seconds(0.35);

    assertThat(world.condition("hello", "Ready")).startsWith("Unknown");
    assertThat(world.condition("hello", "RoutesReady"))
        .isEqualTo(
            "Unknown RevisionMissing"
                + " Configuration \"hello\" is waiting for a Revision to become ready.");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.condition("hello", "ConfigurationsReady")).isEqualTo("True");
    assertThat(world.condition("hello", "RoutesReady")).isEqualTo("True");
    assertThat(world.status("hello").toString())
        .contains("\"observedGeneration\":1")
        .contains("\"url\":\"http://hello.default.example.test:8080\"")
        .contains("\"url\":\"http://hello.default.svc.cluster.local\"")
        .contains("\"latestReadyRevisionName\":\"hello-00001\"")
        .contains("\"percent\":100");
  }

  @Test
  void everyConditionSaysWhenItsStatusChangedLast() {
    world.apply("hello", World.IMAGE);
    world.seconds(2);
    String before = world.status("hello").path("conditions").path(1).toString();
    world.seconds(100);

    assertThat(before).contains("lastTransitionTime");
    assertThat(world.status("hello").path("conditions").path(1).toString()).isEqualTo(before);
  }

  @Test
  void firstInstanceIsStartedAtDeployAndGivenUpAfterTheWindow() {
    world.apply("hello", World.IMAGE, "window", "10s");
    world.seconds(1);
    assertThat(world.sandboxes()).hasSize(1);
    world.seconds(15);
    assertThat(world.sandboxes()).isEmpty();
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void initialScaleOfZeroStartsNothing() {
    world.apply("hello", World.IMAGE, "initial-scale", "0");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.sandboxes()).isEmpty();
  }

  @Test
  void revisionIsReadyOnlyWhenItsWholeInitialScaleIs() {
    world.apply("hello", World.IMAGE, "initial-scale", "3");
    world.seconds(1);

    assertThat(world.sandboxes()).hasSize(3);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void imageThatIsNotThereIsNamedAndTriedAgain() {
    world.apply("hello", "registry.example/none:1");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready"))
        .startsWith("False RevisionFailed Revision \"hello-00001\" failed with message: Unable to")
        .contains("registry.example/none:1", "404");
    assertThat(world.condition("hello", "RoutesReady"))
        .isEqualTo(
            "False RevisionMissing Configuration \"hello\" does not have any ready Revision.");

    world.images.publish("registry.example/none:1", FakeImages.SERVES);
    world.seconds(70);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void pullsOfAFailingRegistryBackOff() {
    world.images.faults(
        () -> Optional.of(new SkepException(SkepException.Code.UNAVAILABLE, "connection refused")));
    world.apply("hello", World.IMAGE);
    world.seconds(600);

    assertThat(world.images.pulls()).isBetween(10, 20);
  }

  @Test
  void imageWithoutCommandIsRefusedBeforeAnythingStarts() {
    var empty = new ImageConfig(List.of(), List.of(), Map.of(), "", "", Optional.empty(), "amd64");
    world.images.publish("registry.example/empty:1", empty);
    world.apply("hello", "registry.example/empty:1");
    world.seconds(1);

    assertThat(world.condition("hello", "ConfigurationsReady"))
        .contains("registry.example/empty:1 has neither entrypoint nor cmd");
    assertThat(world.coldStarts.list(_ -> true, 10)).isEmpty();
  }

  @Test
  void exitCodeAndLastLinesReachTheConditionAndTheWaitingRequest() {
    world.runtime.behaving(EXITS);
    world.apply("hello", World.IMAGE);
    world.seconds(0.25);
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready"))
        .contains("RevisionFailed", "Container failed with: exit code 3", "no database");
    assertThat(revisionCondition("hello-00001")).contains("ExitCode3");
    assertThat(request.answer).hasValue("503 exit code 3");
  }

  private String revisionCondition(String name) {
    return world
        .store
        .get(ResourceKind.REVISION, "default", name)
        .orElseThrow()
        .status()
        .toString();
  }

  @Test
  void commandAndUserThatAreNotInTheImageAreNamed() {
    var ghost =
        new ImageConfig(
            List.of("/no/such"), List.of(), Map.of(), "", "", Optional.empty(), "amd64");
    var user =
        new ImageConfig(
            FakeProgram.SERVE.with(), List.of(), Map.of(), "ghost", "", Optional.empty(), "amd64");
    world.images.publish("ghost", ghost).publish("user", user);
    world.apply("one", "ghost");
    world.apply("two", "user");
    world.seconds(1);

    assertThat(world.condition("one", "Ready")).contains("/no/such");
    assertThat(world.condition("two", "Ready")).contains("ghost");
    assertThat(revisionCondition("one-00001")).contains("ContainerCannotRun");
    assertThat(revisionCondition("two-00001")).contains("CreateContainerConfigError");
  }

  @Test
  void failedRevisionLeavesTrafficOnTheLastReadyOne() {
    world.apply("hello", World.IMAGE);
    world.seconds(1);
    world.apply("hello", "registry.example/none:2");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready")).startsWith("False RevisionFailed");
    assertThat(world.condition("hello", "RoutesReady")).isEqualTo("True");
    assertThat(world.status("hello").path("latestCreatedRevisionName").asString(""))
        .isEqualTo("hello-00002");
    assertThat(world.status("hello").path("latestReadyRevisionName").asString(""))
        .isEqualTo("hello-00001");
    assertThat(world.send("hello").instance).isPresent();
  }

  @Test
  void newRevisionTakesTheTrafficOnceReadyAndTheOldOneDrains() {
    world.apply("hello", World.IMAGE, "window", "6s");
    world.seconds(1);
    FakeDataPlane.Request old = world.send("hello");
    world.apply("hello", World.IMAGE, "target", "7");
    assertThat(world.send("hello").revision.name()).isEqualTo("hello-00001");
    world.seconds(5);

    assertThat(world.send("hello").revision.name()).isEqualTo("hello-00002");
    assertThat(world.sandboxes()).hasSize(2);
    world.gateway.requests.forEach(
        request -> {
          if (request.revision.equals(old.revision)) {
            world.finish(request);
          }
        });
    world.seconds(20);

    assertThat(world.sandboxes()).hasSize(1);
    assertThat(world.routing("hello-00001")).isEqualTo(new Routing(Routing.State.RESERVE, ""));
    assertThat(old.answer).hasValue("200");
  }

  @Test
  void sameTemplateMakesNoNewRevision() {
    world.apply("hello", World.IMAGE);
    world.seconds(1);
    world.apply("hello", World.IMAGE);
    world.seconds(1);

    assertThat(world.status("hello").path("latestCreatedRevisionName").asString(""))
        .isEqualTo("hello-00001");
  }

  @Test
  void annotationThatCannotBeReadIsACondition() {
    world.apply("hello", World.IMAGE, "window", "soon");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready")).contains("window", "'soon'", "60s");
  }

  @Test
  void requestBeforeTheFirstInstanceIsReadyWaitsForIt() {
    world.apply("hello", World.IMAGE);
    world.seconds(0.25);
    FakeDataPlane.Request request = world.send("hello");
    assertThat(request.waits()).isTrue();
    world.seconds(1);

    assertThat(request.instance).isPresent();
  }

  @Test
  void statusThatCouldNotBeWrittenIsWrittenAtTheNextResync() {
    world.apply("hello", World.IMAGE);
    world.store.full(true);
    world.seconds(2);
    assertThat(world.condition("hello", "Ready")).isEqualTo("missing");
    world.store.full(false);
    world.seconds(31);

    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }
}
