package dev.skep.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real disk without a free block: a message, and nothing half-made. */
@Tag("integration")
class SnapshotDiskFullTest {
  @TempDir Path folder;
  private Path disk;

  @BeforeEach
  void mountSmallDisk() throws IOException {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    disk = Files.createDirectory(folder.resolve("disk"));
    Command.of("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString()).run();
  }

  @AfterEach
  void unmount() {
    if (disk != null) {
      Command.of("umount", disk.toString()).run();
    }
  }

  @Test
  void leavesNothingWhenTheManifestFindsNoRoom() throws IOException {
    var fixture = new StoreFixture(disk);
    SnapshotStore store = fixture.open();
    Draft draft = store.draft(StoreFixture.KEY);
    StoreFixture.fill(draft);
    Path ballast = disk.resolve("ballast");
    assertThatThrownBy(() -> Files.write(ballast, new byte[2 << 20]))
        .hasMessageContaining("No space left");
    assertThatThrownBy(() -> draft.publish(StoreFixture.FACTS))
        .isInstanceOfSatisfying(
            SkepException.class, e -> assertThat(e.code()).isEqualTo(Code.EXHAUSTED))
        .hasMessageContainingAll("disk full", "0 MiB left");
    assertThat(store.find(StoreFixture.KEY)).isEmpty();
    assertThat(fixture.root).isEmptyDirectory();
    Files.delete(ballast);
    assertThat(fixture.publish(store, StoreFixture.KEY)).isNotEmpty();
  }
}
