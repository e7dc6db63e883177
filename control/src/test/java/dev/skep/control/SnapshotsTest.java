package dev.skep.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skep.sandbox.Paging;
import dev.skep.sandbox.StartPlan;
import dev.skep.snapshot.Snapshot;
import dev.skep.snapshot.SnapshotState;
import dev.skep.snapshot.SnapshotStore;
import dev.skep.testkit.FakeImages;
import dev.skep.testkit.FakeSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the first answer to a start that installs the recorded set. */
final class SnapshotsTest {
  private static final String WINDOW = "10s";

  @TempDir Path folder;
  private World world;

  @BeforeEach
  void boot() {
    world = new World(folder);
    world.runtime.withSnapshots();
  }

  private void deployed(String... annotations) {
    String[] all = Arrays.copyOf(annotations, annotations.length + 2);
    all[annotations.length] = "window";
    all[annotations.length + 1] = WINDOW;
    world.apply("hello", World.IMAGE, all);
    world.seconds(60);
    assertThat(world.sandboxes()).isEmpty();
  }

  /** One request to an instance that starts for it, and the way back to zero. */
  private String coldRequest() {
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.3);
    assertThat(world.sandboxes()).hasSize(1);
    world.finish(request);
    String kind = world.coldStarts.list(_ -> true, 1).getFirst().plan();
    world.seconds(60);
    assertThat(world.sandboxes()).isEmpty();
    return kind;
  }

  private List<SnapshotState> snapshots() {
    return world.snapshots.list().stream().map(Snapshot::state).toList();
  }

  @Test
  void bootsThenRecordsThenInstalls() {
    deployed();
    assertThat(snapshots()).isEmpty(); // it was ready, and answered nobody

    assertThat(coldRequest()).isEqualTo("boot");
    assertThat(snapshots()).containsExactly(SnapshotState.READY);

    assertThat(coldRequest()).isEqualTo("lazy");
    assertThat(snapshots()).containsExactly(SnapshotState.RECORDED);

    assertThat(coldRequest()).isEqualTo("reap");
    assertThat(world.snapshots.list().getFirst().leases()).isZero();
  }

  @Test
  void takesNoneBeforeTheAnswersThatAreAskedFor() {
    deployed("skep.dev/snapshot", "after-3");

    coldRequest();
    assertThat(snapshots()).isEmpty();

    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.3);
    world.finish(request);
    world.finish(world.send("hello"));
    world.finish(world.send("hello"));
    world.seconds(3);
    assertThat(snapshots()).containsExactly(SnapshotState.READY);
  }

  @Test
  void takesNoneWhileARequestIsInTheInstance() {
    deployed();
    FakeDataPlane.Request first = world.send("hello");
    world.seconds(0.3);
    FakeDataPlane.Request second = world.send("hello");
    world.finish(first);
    world.seconds(5);
    assertThat(snapshots()).isEmpty();

    world.finish(second);
    world.seconds(3);
    assertThat(snapshots()).containsExactly(SnapshotState.READY);
  }

  @Test
  void neverMeansNever() {
    deployed("skep.dev/snapshot", "never");

    assertThat(coldRequest()).isEqualTo("boot");
    assertThat(coldRequest()).isEqualTo("boot");
    assertThat(snapshots()).isEmpty();
  }

  @Test
  void aPlanThatIsAskedForIsTaken() {
    deployed("skep.dev/restore", "file");
    coldRequest();

    assertThat(coldRequest()).isEqualTo("file");
    assertThat(snapshots()).containsExactly(SnapshotState.READY);
  }

  @Test
  void aRestoreThatFailsIsBootedAndItsSnapshotReplaced() {
    deployed();
    coldRequest();
    Instant first = world.snapshots.list().getFirst().manifest().createdAt();
    world.runtime.refusing(_ -> true);

    assertThat(coldRequest()).isEqualTo("boot");

    assertThat(world.snapshots.list()).hasSize(1);
    assertThat(world.snapshots.list().getFirst().manifest().createdAt()).isAfter(first);
    world.runtime.refusing(_ -> false);
    assertThat(coldRequest()).isEqualTo("lazy"); // the boot in between has left a new one
  }

  @Test
  void aStartThatBreaksLetsGoOfItsSnapshot() {
    deployed();
    coldRequest();
    world.runtime.refusing(
        _ -> {
          throw new IllegalStateException("a defect");
        });

    world.send("hello");
    world.seconds(0.3);

    assertThat(world.sandboxes()).isEmpty();
    assertThat(world.snapshots.list().getFirst().leases()).isZero();
  }

  @Test
  void aStaleWorkingSetIsRecordedAnew() {
    deployed();
    coldRequest();
    coldRequest();
    FakeDataPlane.Request request = world.send("hello");
    world.seconds(0.3);
    world.sandboxes().getFirst().faults(1_000); // of a set of one page
    world.finish(request);
    world.seconds(60);

    assertThat(snapshots()).containsExactly(SnapshotState.READY);
    assertThat(coldRequest()).isEqualTo("lazy");
    assertThat(snapshots()).containsExactly(SnapshotState.RECORDED);
  }

  @Test
  void aNewRevisionHasASnapshotOfItsOwn() {
    deployed();
    coldRequest();
    world.images.publish("registry.example/hello:2", FakeImages.SERVES);
    world.apply("hello", "registry.example/hello:2", "window", WINDOW);
    world.seconds(60);

    assertThat(coldRequest()).isEqualTo("boot");
    assertThat(snapshots()).hasSize(2);
  }

  @Test
  void snapshotsOutliveTheDaemon() {
    deployed();
    coldRequest();

    world.restartDaemon();
    world.seconds(60);

    assertThat(coldRequest()).isEqualTo("lazy");
  }

  @Test
  void burstsShareTheSnapshotAndOneRecords() {
    deployed();
    coldRequest();
    for (int i = 0; i < 5; i++) {
      world.send("hello");
    }
    world.apply("hello", World.IMAGE, 1, "window", WINDOW);
    world.seconds(1);

    long recording =
        world.sandboxes().stream()
            .map(FakeSandbox::plan)
            .filter(
                plan -> plan instanceof StartPlan.Restore(_, Paging _, boolean record) && record)
            .count();
    assertThat(recording).isLessThanOrEqualTo(1);
  }

  @Test
  void uploadsWhatIsTakenAndAgainWhatIsRecorded() {
    deployed();
    coldRequest();
    String id = world.snapshots.list().getFirst().manifest().id();
    assertThat(world.remote.published).containsExactly(id);

    coldRequest();

    assertThat(world.remote.published).containsExactly(id, id);
    assertThat(world.remote.asked).hasSize(2); // the first instance, and the one that was booted
  }

  @Test
  void whatAnotherHostHasTakenIsRestoredByThePagerOnly() {
    deployed("skep.dev/restore", "file");
    anotherHostHasOne();

    assertThat(coldRequest()).isEqualTo("lazy");

    assertThat(snapshots()).containsExactly(SnapshotState.RECORDED);
    assertThat(coldRequest()).isEqualTo("remote");
  }

  @Test
  void aRemoteSnapshotThatDoesNotWorkIsBootedAndNotBroughtAgain() {
    deployed();
    anotherHostHasOne();
    world.runtime.refusing(_ -> true);

    assertThat(coldRequest()).isEqualTo("boot");

    assertThat(world.remote.distrusted).hasSize(1);
    world.runtime.refusing(_ -> false);
    assertThat(coldRequest()).isEqualTo("lazy"); // of its own
    assertThat(world.snapshots.list().getFirst().whole()).isTrue();
  }

  /** What is taken here first is another host's from then on. */
  private void anotherHostHasOne() {
    coldRequest();
    Path other = folder.resolve("other");
    try {
      Files.createDirectories(other);
      var id = world.snapshots.list().getFirst().manifest().id();
      Path from = world.snapshots.describe(id).folder();
      Files.createDirectories(other.resolve(id));
      try (var files = Files.list(from)) {
        for (Path file : files.toList()) {
          Files.copy(file, other.resolve(id).resolve(file.getFileName()));
        }
      }
      world.snapshots.remove(id);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    world.remote.connect(world.snapshots, SnapshotStore.open(other, 1L << 40, Clock.systemUTC()));
  }
}
