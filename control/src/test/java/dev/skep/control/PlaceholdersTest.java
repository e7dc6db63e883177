package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiJson;
import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The core Services that stand for routes and their tags. */
final class PlaceholdersTest {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
  }

  private void deploy() {
    ObjectNode service = World.service("hello", World.IMAGE, 0);
    ((ObjectNode) service.path("spec"))
        .putArray("traffic")
        .addObject()
        .put("latestRevision", true)
        .put("percent", 100)
        .put("tag", "it");
    world.apply("hello", service);
    world.seconds(2);
  }

  @Test
  void oneTagCanBeForTheInsideAlone() {
    deploy();
    ObjectNode placeholder = world.get(ResourceKind.SERVICE, "it-hello").copy();
    placeholder
        .withObject("metadata")
        .withObject("labels")
        .put("networking.knative.dev/visibility", "cluster-local");
    world.store.replace(ResourceKind.SERVICE, new ApiObject(placeholder));
    world.seconds(1);

    assertThat(world.gateway.table.hosts())
        .containsKeys("it-hello.default.svc.cluster.local", "hello.default.example.test")
        .doesNotContainKey("it-hello.default.example.test");
    assertThat(world.status("hello").at("/traffic/0/url").asString(""))
        .isEqualTo("http://it-hello.default.svc.cluster.local");
  }

  @Test
  void aNameThatIsAnothersStaysTheirsAndTheRouteSaysSo() {
    ObjectNode other = ApiJson.object();
    other.putObject("metadata").put("namespace", "default").put("name", "it-hello");
    other.putObject("spec").put("clusterIP", "10.0.0.7");
    world.store.create(ResourceKind.SERVICE, new ApiObject(other));
    deploy();

    assertThat(world.condition(ResourceKind.ROUTE, "hello", "IngressReady"))
        .isEqualTo(
            "False NotOwned There is an existing placeholder Service \"it-hello\" that we do not own.");
    assertThat(world.condition("hello", "Ready")).startsWith("False NotOwned");
    assertThat(world.get(ResourceKind.SERVICE, "it-hello").spec().path("clusterIP").asString(""))
        .isEqualTo("10.0.0.7");

    world.store.delete(ResourceKind.SERVICE, "default", "it-hello");
    world.seconds(31);
    assertThat(world.condition("hello", "Ready")).isEqualTo("True");
    assertThat(world.get(ResourceKind.SERVICE, "it-hello").spec().path("type").asString(""))
        .isEqualTo("ExternalName");
  }
}
