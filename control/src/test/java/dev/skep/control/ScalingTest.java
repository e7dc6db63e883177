package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.SkepAnnotations;
import dev.skep.policy.ScalingPolicies;
import dev.skep.telemetry.ColdStart;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScalingTest {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
  }

  private void deployAndGoToZero(int containerConcurrency, String... annotations) {
    world.apply("hello", World.IMAGE, containerConcurrency, annotations);
    world.seconds(3700);
    assertThat(world.sandboxes()).isEmpty();
  }

  @Test
  void startsOneInstanceForTheFirstRequestAndAnswersIt() {
    deployAndGoToZero(0);

    FakeDataPlane.Request request = world.send("hello");
    assertThat(request.waits()).isTrue();
    world.seconds(0.2);

    assertThat(request.instance).isPresent();
    assertThat(world.sandboxes()).hasSize(1);
  }

  @Test
  void recordJoinsTheRequestThatWaited() {
    deployAndGoToZero(0);
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.2);
    world.finish(request);

    ColdStart start = world.coldStarts.list(_ -> true, 1).getFirst();
    assertThat(start.requestId()).hasValue(request.id);
    assertThat(start.total()).isEqualTo(Duration.ofMillis(200));
  }

  @Test
  void goesToZeroAfterTheWindow() {
    deployAndGoToZero(0, "window", "10s");
    world.finish(sent(0.2));

    world.seconds(9);
    assertThat(world.sandboxes()).hasSize(1);
    world.seconds(4);
    assertThat(world.sandboxes()).isEmpty();
  }

  private FakeDataPlane.Request sent(double wait) {
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(wait);
    return request;
  }

  @Test
  void knativesPolicyStartsWhatTheFirstRequestNeedsAndTheRestAtItsNextTicks() {
    deployAndGoToZero(1);

    List<FakeDataPlane.Request> requests =
        IntStream.range(0, 10).mapToObj(_ -> world.send("hello")).toList();
    world.seconds(0.5);
    assertThat(world.sandboxes()).as("one request at a target of 0.7").hasSize(2);

    world.seconds(4);
    assertThat(requests).noneMatch(FakeDataPlane.Request::waits);
    ScalingView view = world.directory.scaling().getFirst();
    assertThat(view.policy()).isEqualTo(ScalingPolicies.KNATIVE);
    assertThat(view.reason()).isEqualTo("PANIC");
    assertThat(view.why()).contains("in the panic window, target 0.70");
    assertThat(world.coldStarts.list(_ -> true, 1).getFirst().decision())
        .startsWith("kpa.autoscaling.knative.dev: PANIC, concurrency ");
  }

  @Test
  void anUnknownPolicyIsAConditionAndKeepsTheOldRevision() {
    world.apply("hello", World.IMAGE);
    world.seconds(1);
    world.apply("hello", World.IMAGE, ScalingPolicies.CLASS, "nobody.example");
    world.seconds(1);

    assertThat(world.condition("hello", "Ready"))
        .startsWith("False RevisionFailed")
        .contains("'nobody.example' (expected: one of kpa.autoscaling.knative.dev, ");
    assertThat(world.send("hello").instance).isPresent();
  }

  @Test
  void timetableStartsInstancesBeforeAnybodyAsks() {
    deployAndGoToZero(
        0,
        ScalingPolicies.CLASS,
        ScalingPolicies.SCHEDULE,
        SkepAnnotations.PRE_WARM,
        "02:00-03:00 2");

    world.seconds(3600 - 101);
    assertThat(world.sandboxes()).as("at 01:59:59").isEmpty();
    world.seconds(2);
    assertThat(world.sandboxes()).hasSize(2);
    world.seconds(3600 + 120);
    assertThat(world.sandboxes()).as("after its end").isEmpty();
  }

  @Test
  void configAutoscalerIsHeededWhileItRuns() {
    deployAndGoToZero(0);
    world.configure("min-scale", "3");
    world.seconds(1);
    assertThat(world.sandboxes()).hasSize(3);

    world.configure("min-scale", "many");
    world.seconds(1);
    assertThat(world.sandboxes()).as("what cannot be read changes nothing").hasSize(3);

    world.configure("min-scale", "1");
    world.seconds(120);
    assertThat(world.sandboxes()).hasSize(1);
  }

  @Test
  void scalesOutUntilEveryRequestHasItsPlace() {
    deployAndGoToZero(1, ScalingPolicies.CLASS, ScalingPolicies.WAITING);

    List<FakeDataPlane.Request> requests =
        IntStream.range(0, 10).mapToObj(_ -> world.send("hello")).toList();
    world.seconds(0.5);

    assertThat(requests).noneMatch(FakeDataPlane.Request::waits);
    assertThat(requests).extracting(request -> request.instance).doesNotHaveDuplicates();
  }

  @Test
  void neverExceedsMaxScale() {
    deployAndGoToZero(1, "max-scale", "3", ScalingPolicies.CLASS, ScalingPolicies.WAITING);

    List<FakeDataPlane.Request> requests =
        IntStream.range(0, 10).mapToObj(_ -> world.send("hello")).toList();
    world.seconds(2);
    assertThat(world.sandboxes()).hasSize(3);
    requests.stream().filter(request -> !request.waits()).toList().forEach(world::finish);
    world.seconds(1);

    assertThat(world.sandboxes()).hasSize(3);
    assertThat(requests.stream().filter(FakeDataPlane.Request::waits)).hasSize(4);
  }
}
