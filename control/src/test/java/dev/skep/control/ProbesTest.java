package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiObject;
import dev.skep.api.Probe;
import dev.skep.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What becomes of a ready instance whose probes no longer pass. */
final class ProbesTest {
  @TempDir Path folder;
  private World world;

  /** Paths that are not answered, and sandboxes in which none is. */
  private final Set<String> failing = new HashSet<>();

  @BeforeEach
  void begin() {
    world = new World(folder);
    world.probes = this::passes;
  }

  private boolean passes(Sandbox sandbox, Probe probe) {
    return probe.check() instanceof Probe.Http(_, String path, _)
        && !failing.contains(path)
        && !failing.contains(sandbox.id());
  }

  private void deploy(String probe) {
    ObjectNode service = World.service("hello", World.IMAGE, 0, "min-scale", "1");
    ObjectNode container =
        (ObjectNode) service.path("spec").path("template").path("spec").path("containers").get(0);
    ObjectNode asked = container.putObject(probe).put("periodSeconds", 1);
    asked.put("failureThreshold", 3).putObject("httpGet").put("path", "/" + probe).put("port", 0);
    world.apply("hello", service);
    world.seconds(5);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  private int endpoints() {
    return world.gateway.endpoints(World.revision("hello-00001")).size();
  }

  private ApiObject pod() {
    assertThat(world.directory.pods()).hasSize(1);
    return world.directory.pods().getFirst();
  }

  private static JsonNode container(ApiObject pod) {
    return pod.status().path("containerStatuses").path(0);
  }

  @Test
  void instanceThatIsNotReadyAnyMoreGetsNoRequestsUntilItIsAgain() {
    deploy("readinessProbe");
    failing.add("/readinessProbe");
    world.seconds(1.9);
    assertThat(endpoints()).as("two failures").isOne();
    world.seconds(2);
    assertThat(endpoints()).isZero();
    assertThat(container(pod()).path("ready").asBoolean()).isFalse();

    FakeDataPlane.Request request = world.send("hello");
    world.seconds(5);
    assertThat(request.instance).as("waits").isEmpty();

    failing.clear();
    world.seconds(2);
    assertThat(endpoints()).isOne();
    assertThat(request.instance).isPresent();
    assertThat(world.sandboxes()).hasSize(1);
    assertThat(container(pod()).path("restartCount").asInt()).isZero();
  }

  @Test
  void instanceThatIsNotAliveIsReplacedAndShownAsItsPodRestarted() {
    deploy("livenessProbe");
    String first = world.sandboxes().getFirst().id();
    String name = pod().name();
    assertThat(name).isEqualTo("hello-00001-deployment-" + first);
    assertThat(world.directory.ofPod("default", name)).contains(first);

    failing.add(first);
    world.seconds(8);

    assertThat(endpoints()).isOne();
    assertThat(pod().name()).isEqualTo(name);
    assertThat(container(pod()).path("restartCount").asInt()).isOne();
    assertThat(world.directory.ofPod("default", name)).isPresent().get().isNotEqualTo(first);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
  }

  @Test
  void podsTellWhoseTheyAre() {
    deploy("livenessProbe");
    assertThat(pod().labels())
        .containsEntry("serving.knative.dev/revision", "hello-00001")
        .containsEntry("serving.knative.dev/configuration", "hello")
        .containsEntry("app", "hello-00001");
    assertThat(pod().status().path("phase").asString()).isEqualTo("Running");
    assertThat(pod().spec().at("/containers/0/image").asString()).isEqualTo(World.IMAGE);
    assertThat(container(pod()).path("name").asString()).isEqualTo("user-container");
  }
}
