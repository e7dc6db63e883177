package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.sandbox.StartFailure;
import dev.skep.sandbox.StartFailure.Reason;
import dev.skep.store.ResourceKind;
import dev.skep.testkit.FakeBehaviour;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What objects are told to have happened to them. */
final class EventsTest {
  private static final FakeBehaviour EXITS =
      FakeBehaviour.SILENT.failing(
          new StartFailure(
              Reason.GUEST_EXIT, "exit code 3", OptionalInt.of(3), List.of("no database")));

  @TempDir Path folder;

  private static List<String> told(World world) {
    return world.events.list(ResourceKind.EVENT, Optional.empty()).items().stream()
        .map(
            event ->
                "%s %s/%s: %s"
                    .formatted(
                        event.json().path("type").asString(),
                        event.json().at("/involvedObject/kind").asString(),
                        event.json().at("/involvedObject/name").asString(),
                        event.json().path("message").asString()))
        .toList();
  }

  @Test
  void ownersHearWhatWasMadeForThem() {
    var world = new World(folder);
    world.apply("hello", World.IMAGE);
    world.seconds(3);
    assertThat(told(world))
        .contains(
            "Normal Service/hello: Created Configuration \"hello\"",
            "Normal Service/hello: Created Route \"hello\"",
            "Normal Configuration/hello: Created Revision \"hello-00001\"",
            "Normal Route/hello: Created Service \"hello\"",
            "Normal Revision/hello-00001: Started an instance");
  }

  @Test
  void nobodyHearsOfWhatWasNotWritten() {
    var world = new World(folder);
    world.apply("hello", World.IMAGE);
    world.store.full(true);
    world.seconds(3);
    assertThat(told(world)).noneMatch(event -> event.contains("Created"));
  }

  @Test
  void revisionsHearWhyTheirInstancesFail() {
    var world = new World(folder);
    world.runtime.behaving(EXITS);
    world.apply("hello", World.IMAGE);
    world.seconds(3);
    assertThat(told(world)).anyMatch(event -> event.startsWith("Warning Revision/hello-00001: "));
  }
}
