package dev.skep.control;

import dev.skep.snapshot.Draft;
import dev.skep.snapshot.Lease;
import dev.skep.snapshot.RemoteSnapshots;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotKey;
import dev.skep.snapshot.SnapshotStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Has what another host's store has, but for the memory; until then, a reason. */
final class FakeRemote implements RemoteSnapshots {
  final List<String> published = new ArrayList<>();
  final List<SnapshotKey> asked = new ArrayList<>();
  final List<SnapshotKey> distrusted = new ArrayList<>();
  String reason = "nothing is shared";
  private @Nullable SnapshotStore here;
  private @Nullable SnapshotStore there;

  void connect(SnapshotStore here, SnapshotStore there) {
    this.here = here;
    this.there = there;
  }

  @Override
  public Found bring(SnapshotKey key, String imageDigest, String vmm) {
    asked.add(key);
    if (here == null || there == null || distrusted.contains(key)) {
      return new Found.NotHere(reason);
    }
    try (Lease lease = there.find(key).orElseThrow();
        Draft draft = here.draft(key)) {
      for (String name : List.of(SnapshotFiles.MEMORY, SnapshotFiles.STATE)) {
        Files.copy(lease.file(name), draft.file(name));
      }
      Files.createFile(draft.file(SnapshotFiles.ABSENT));
      draft.publishCopy(lease.manifest());
      return new Found.Here();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void published(String id) {
    published.add(id);
  }

  @Override
  public void distrust(SnapshotKey key) {
    distrusted.add(key);
  }
}
