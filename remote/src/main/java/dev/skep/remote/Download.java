package dev.skep.remote;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.Draft;
import dev.skep.snapshot.Manifest;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.SnapshotKey;
import dev.skep.snapshot.SnapshotStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;

/** Brings what a restore begins with: state, working set, and the names of the memory's chunks. */
final class Download {
  private static final int MAX_MANIFEST_BYTES = 1 << 20;

  private final Bucket bucket;
  private final Location location;
  private final ContentStore objects;

  Download(Bucket bucket, Location location) {
    this.bucket = bucket;
    this.location = location;
    this.objects = new ContentStore(bucket);
  }

  /**
   * The manifest below that name.
   *
   * @throws SkepException NOT_FOUND; INVALID or UNSUPPORTED if it cannot be used
   */
  RemoteManifest manifest(String key) {
    try (InputStream in = bucket.read(key)) {
      return RemoteManifest.parse(bucket.name(key), in.readNBytes(MAX_MANIFEST_BYTES));
    } catch (IOException e) {
      throw new SkepException(Code.UNAVAILABLE, bucket.name(key) + ": " + e, e);
    }
  }

  /** Makes it a snapshot of the local store, whose memory is still to come. */
  void run(RemoteManifest manifest, SnapshotKey key, SnapshotStore store) throws IOException {
    Manifest snapshot = manifest.snapshot();
    if (!snapshot.key().equals(key)) {
      throw new SkepException(
          Code.INVALID,
          "%s: of %s (expected: %s)".formatted(bucket.name(manifest.key()), snapshot.key(), key));
    }
    try (Draft draft = store.draft(key)) {
      objects.get(
          manifest.state(), List.of(part(draft, SnapshotFiles.STATE, snapshot.vmState().bytes())));
      if (manifest.workingSet().isPresent() && snapshot.workingSet().isPresent()) {
        var set = snapshot.workingSet().get();
        objects.get(
            manifest.workingSet().get(),
            List.of(
                part(draft, SnapshotFiles.WORKING_SET, set.order().bytes()),
                part(draft, SnapshotFiles.WORKING_SET_PAGES, set.content().bytes())));
      }
      Path absent = draft.file(SnapshotFiles.ABSENT);
      long indexBytes = (long) Chunks.count(snapshot.memoryBytes()) * Chunks.DIGEST_BYTES;
      objects.get(manifest.index(), List.of(new ContentStore.Part(absent, indexBytes)));
      try (var memory = new RandomAccessFile(draft.file(SnapshotFiles.MEMORY).toFile(), "rw")) {
        memory.setLength(snapshot.memoryBytes());
      }
      new Origin(location, manifest).write(draft.folder());
      draft.publishCopy(snapshot);
    }
  }

  private static ContentStore.Part part(Draft draft, String name, long bytes) {
    return new ContentStore.Part(draft.file(name), bytes);
  }
}
