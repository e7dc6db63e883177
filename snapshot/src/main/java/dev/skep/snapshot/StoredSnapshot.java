package dev.skep.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the store knows of one snapshot. Guarded by the store's lock. */
final class StoredSnapshot {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{12}-([1-9][0-9]{0,8})");

  final SnapshotFolder folder;
  Manifest manifest;
  Instant lastUsedAt;
  int leases;
  boolean retired;
  @Nullable Lease recorder;

  StoredSnapshot(SnapshotFolder folder, Manifest manifest, Instant lastUsedAt) {
    this.folder = folder;
    this.manifest = manifest;
    this.lastUsedAt = lastUsedAt;
  }

  /** Reads it back; fails if it is none, or one that this version does not understand. */
  static StoredSnapshot read(SnapshotFolder folder) throws IOException {
    if (!Files.exists(folder.file(SnapshotFiles.MANIFEST))) {
      throw new IOException("no manifest, so it was never finished or is retired");
    }
    Manifest manifest = folder.readManifest();
    if (!manifest.id().equals(folder.name()) || !ID.matcher(folder.name()).matches()) {
      throw new IOException(
          "manifest of '%s' (expected: that of '%s')".formatted(manifest.id(), folder.name()));
    }
    if (!folder.whole()) {
      // chunks and what is said about them may have reached the disk in any order
      throw new IOException("not all of its memory was fetched; it can be fetched again");
    }
    return new StoredSnapshot(folder, manifest, folder.lastUsedAt());
  }

  static String id(SnapshotKey key, int number) {
    return key.shortForm() + "-" + number;
  }

  String id() {
    return manifest.id();
  }

  /** Which of its key it is: newer ones have higher numbers. */
  int number() {
    return Integer.parseInt(id().substring(id().lastIndexOf('-') + 1));
  }

  boolean idle() {
    return leases == 0 && !retired;
  }

  SnapshotState state() {
    return retired ? SnapshotState.RETIRED : manifest.state();
  }

  Snapshot view() {
    return new Snapshot(manifest, state(), lastUsedAt, leases, folder.whole(), folder.path());
  }

  /** Why it cannot be restored any more, as far as lengths tell. */
  Optional<String> damage() throws IOException {
    if (!Files.exists(folder.file(SnapshotFiles.MANIFEST))) {
      return Optional.of(SnapshotFiles.MANIFEST + ": missing");
    }
    Optional<String> memory = folder.lengthProblem(SnapshotFiles.MEMORY, manifest.memory());
    return memory.isPresent()
        ? memory
        : folder.lengthProblem(SnapshotFiles.STATE, manifest.vmState());
  }

  /** Why its working set cannot be used any more, as far as lengths tell. */
  Optional<String> workingSetDamage() throws IOException {
    if (manifest.workingSet().isEmpty()) {
      return Optional.empty();
    }
    Manifest.RecordedSet set = manifest.workingSet().get();
    Optional<String> order = folder.lengthProblem(SnapshotFiles.WORKING_SET, set.order());
    return order.isPresent()
        ? order
        : folder.lengthProblem(SnapshotFiles.WORKING_SET_PAGES, set.content());
  }

  /** Takes a working set in, or forgets it; the manifest on the disk changes as a whole. */
  void setWorkingSet(Optional<Manifest.RecordedSet> set) throws IOException {
    Manifest changed = manifest.withWorkingSet(set);
    folder.replaceManifest(changed, lastUsedAt);
    manifest = changed;
  }
}
