package dev.skep.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.sandbox.Mount;
import dev.skep.store.ResourceKind;
import dev.skep.testkit.FakeSandbox;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** What instances get of environment and volumes, and what that means for their snapshots. */
final class ConfiguredServicesTest {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
    world.runtime.withSnapshots();
  }

  private static ObjectNode service(String container, String volumes) {
    ObjectNode service = World.service("hello", World.IMAGE, 0, "window", "10s");
    ObjectNode spec = (ObjectNode) service.at("/spec/template/spec");
    ((ObjectNode) spec.at("/containers/0"))
        .setAll((ObjectNode) ApiJson.mapper().readTree(container));
    spec.set("volumes", ApiJson.mapper().readTree(volumes));
    return service;
  }

  /** From its first request on. */
  private FakeSandbox instance() {
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.3);
    FakeSandbox sandbox = world.sandboxes().getFirst();
    world.finish(request);
    world.seconds(60);
    return sandbox;
  }

  private void config(String value) {
    String json =
        "{\"metadata\": {\"namespace\": \"default\", \"name\": \"settings\"}, \"data\": {\"k\": \"%s\"}}";
    var object = new ApiObject(ApiJson.parse(json.formatted(value).getBytes(UTF_8)));
    if (world.store.get(ResourceKind.CONFIG_MAP, "default", "settings").isPresent()) {
      world.store.replace(ResourceKind.CONFIG_MAP, object);
    } else {
      world.store.create(ResourceKind.CONFIG_MAP, object);
    }
  }

  private static Mount file(String content) {
    return new Mount.Files("/etc/app", Map.of("k", content.getBytes(UTF_8)), 0644);
  }

  @Test
  void filesAreThoseOfTheStart() {
    config("one");
    world.apply(
        "hello",
        service(
            "{\"volumeMounts\": [{\"name\": \"v\", \"mountPath\": \"/etc/app\"}]}",
            "[{\"name\": \"v\", \"configMap\": {\"name\": \"settings\"}}]"));
    world.seconds(60);

    assertThat(instance().spec().mounts()).containsExactly(file("one"));
    config("two");
    assertThat(instance().spec().mounts()).containsExactly(file("two"));
  }

  @Test
  void aStartWithoutTheVolumesObjectFailsAndNamesIt() {
    world.apply(
        "hello",
        service(
            "{\"volumeMounts\": [{\"name\": \"v\", \"mountPath\": \"/etc/app\"}]}",
            "[{\"name\": \"v\", \"secret\": {\"secretName\": \"none\"}}]"));
    world.seconds(5);

    assertThat(world.condition("hello", "Ready"))
        .contains("Secret default/none does not exist (expected: it, or `optional: true`)");
  }

  @Test
  void anInstanceThatKnowsItsNameIsNobodysClone() {
    String field = "{\"fieldRef\": {\"fieldPath\": \"metadata.name\"}}";
    world.apply(
        "hello",
        service("{\"env\": [{\"name\": \"SELF\", \"valueFrom\": %s}]}".formatted(field), "[]"));
    world.seconds(60);

    FakeSandbox first = instance();

    assertThat(first.spec().process().env().get("SELF")).isEqualTo(first.spec().hostname());
    assertThat(instance().spec().hostname()).isNotEqualTo(first.spec().hostname());
    assertThat(world.snapshots.list()).isEmpty();
  }
}
