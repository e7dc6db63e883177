package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.api.ApiObject;
import dev.skep.store.ResourceKind;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** What users may write into objects, and what must then go on all the same. */
final class HostileObjectsTest {
  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
    world.apply("hello", World.IMAGE);
    world.seconds(10);
  }

  private void edit(ResourceKind kind, String name, Consumer<ObjectNode> edit) {
    ObjectNode object = world.get(kind, name).copy();
    edit.accept(object.withObject("metadata"));
    world.store.replace(kind, new ApiObject(object));
    world.seconds(2);
  }

  private void othersGoOn() {
    world.apply("other", World.IMAGE);
    world.seconds(10);
    assertThat(world.condition("other", "Ready")).startsWith("True");
    world.restartDaemon();
    world.seconds(10);
    assertThat(world.condition("other", "Ready")).startsWith("True");
  }

  @Test
  void serviceThatOwnsItselfHasNoOwner() {
    String uid = world.get(World.SERVICES, "hello").uid();
    edit(
        World.SERVICES,
        "hello",
        metadata ->
            metadata
                .putArray("ownerReferences")
                .addObject()
                .put("apiVersion", "serving.knative.dev/v1")
                .put("kind", "Service")
                .put("name", "hello")
                .put("uid", uid)
                .put("controller", true));

    othersGoOn();
    assertThat(world.condition("hello", "Ready")).startsWith("True");
  }

  @Test
  void timeThatCannotBeReadIsTheBeginningOfTime() {
    edit(
        ResourceKind.REVISION,
        "hello-00001",
        metadata ->
            metadata
                .withObject("annotations")
                .put("serving.knative.dev/routingStateModified", "yesterday"));

    othersGoOn();
    assertThat(world.condition("hello", "Ready")).startsWith("True");
  }

  @Test
  void revisionWithoutItsLabelsGoesWithItsConfiguration() {
    edit(ResourceKind.REVISION, "hello-00001", metadata -> metadata.remove("labels"));
    world.delete("hello");
    world.seconds(200);

    assertThat(world.sandboxes()).isEmpty();
    othersGoOn();
  }
}
