package dev.skep.snapshot;

import static dev.skep.snapshot.StoreFixture.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.Draft.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever happens at whichever step of publishing: all of a snapshot is found, or nothing. */
class InterruptedPublishTest {
  /** From here on it is there, so it may be found after a crash. */
  private static final Set<Step> THERE = EnumSet.of(Step.MANIFEST_COMMITTED, Step.FOLDER_FORCED);

  /** The end of the process: nobody cleans up. */
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  @TempDir Path folder;
  private StoreFixture fixture;

  @BeforeEach
  void make() {
    fixture = new StoreFixture(folder);
  }

  private SnapshotStore storeThat(Draft.Failpoint does) {
    return SnapshotStore.open(fixture.root, 1 << 30, fixture, does);
  }

  private static Draft.Failpoint crashAt(Step wanted) {
    return step -> {
      if (step == wanted) {
        throw new Crash();
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void aCrashLeavesAllOrNothing(Step step) {
    SnapshotStore crashing = storeThat(crashAt(step));
    assertThatThrownBy(() -> fixture.publish(crashing, KEY)).isInstanceOf(Crash.class);

    SnapshotStore next = fixture.open();
    if (THERE.contains(step)) {
      String id = next.list().getFirst().manifest().id();
      assertThat(next.verify(id)).isEmpty();
      assertThat(next.find(KEY)).isPresent();
    } else {
      assertThat(next.find(KEY)).isEmpty();
      assertThat(next.list()).isEmpty();
      assertThat(fixture.root).isEmptyDirectory();
    }
    assertThat(fixture.publish(next, KEY)).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aCrashHarmsNoneThatIsThere(Step step) {
    String old = fixture.publish(fixture.open(), KEY);
    SnapshotStore crashing = storeThat(crashAt(step));
    assertThatThrownBy(() -> fixture.publish(crashing, KEY)).isInstanceOf(Crash.class);
    SnapshotStore next = fixture.open();
    assertThat(next.verify(old)).isEmpty();
    assertThat(next.list()).hasSize(THERE.contains(step) ? 2 : 1);
  }

  @ParameterizedTest
  @EnumSource
  void aFullDiskLeavesNothing(Step step) {
    SnapshotStore full =
        storeThat(
            reached -> {
              if (reached == step) {
                throw new IOException("No space left on device");
              }
            });
    Draft draft = full.draft(KEY);
    StoreFixture.fill(draft);
    assertThatThrownBy(() -> draft.publish(StoreFixture.FACTS))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.EXHAUSTED))
        .hasMessageContainingAll("disk full", draft.id(), "skep snapshot rm");
    assertThat(full.find(KEY)).isEmpty();
    assertThat(fixture.root).isEmptyDirectory();
    full.draft(KEY).discard(); // the key is free again
  }

  /** A crash while a manifest is replaced leaves the old one. */
  @ParameterizedTest
  @EnumSource(names = {"READY", "RECORDED"})
  void aManifestThatWasOnlyStagedDoesNotCount(SnapshotState state) throws IOException {
    SnapshotStore store = fixture.open();
    String id = fixture.publish(store, KEY);
    if (state == SnapshotState.RECORDED) {
      fixture.record(id);
      store.recorded(id, 2, 8192);
    }
    Files.writeString(fixture.file(id, SnapshotFiles.MANIFEST + ".new"), "{\"schema\": 1, \"i");
    assertThat(fixture.open().describe(id).state()).isEqualTo(state);
  }

  @Test
  void givesTheRoomOfWhatFailedBack() {
    var failed = new AtomicBoolean();
    SnapshotStore store =
        SnapshotStore.open(
            fixture.root,
            StoreFixture.SNAPSHOT_BYTES,
            fixture,
            step -> {
              if (step == Step.MANIFEST_STAGED && !failed.getAndSet(true)) {
                throw new IOException("once");
              }
            });
    assertThatThrownBy(() -> fixture.publish(store, KEY)).hasMessageContaining("once");
    assertThat(fixture.publish(store, KEY)).isNotEmpty();
  }
}
