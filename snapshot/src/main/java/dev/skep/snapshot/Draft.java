package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A snapshot in the making. Fill {@link SnapshotFiles#MEMORY} and {@link SnapshotFiles#STATE}, then
 * {@link #publish}; until then, and after a crash at any point before its end, nobody finds it. For
 * one thread at a time.
 */
public final class Draft implements AutoCloseable {
  /** Where a test may interrupt {@link #publish}: each is reached when what it says is done. */
  enum Step {
    BEGUN,
    FILES_FORCED,
    FILES_SUMMED,
    ROOM_MADE,
    MANIFEST_STAGED,
    MANIFEST_COMMITTED,
    FOLDER_FORCED
  }

  /** Told of each step; what it throws interrupts there. */
  interface Failpoint {
    void at(Step step) throws IOException;
  }

  private final SnapshotStore store;
  private final SnapshotKey key;
  private final SnapshotFolder folder;
  private final Failpoint failpoint;
  private boolean over;

  Draft(SnapshotStore store, SnapshotKey key, SnapshotFolder folder, Failpoint failpoint) {
    this.store = store;
    this.key = key;
    this.folder = folder;
    this.failpoint = failpoint;
  }

  /** The id of the snapshot to be. */
  public String id() {
    return folder.name();
  }

  public SnapshotKey key() {
    return key;
  }

  /** To be filled. */
  public Path folder() {
    return folder.path();
  }

  /**
   * @param name of {@link SnapshotFiles}
   */
  public Path file(String name) {
    return folder.file(name);
  }

  /**
   * Makes it a snapshot, READY and durable. Nobody may write to its files any more. On failure it
   * is discarded: EXHAUSTED when the disk is full, or when what is in use leaves no room for it in
   * the budget; INTERNAL when a file is missing or the disk fails.
   */
  public Manifest publish(Manifest.Facts facts) {
    return publish(() -> taken(facts));
  }

  /**
   * As {@link #publish(Manifest.Facts)}, for a copy of a snapshot that was published elsewhere. Its
   * files are compared with what they were there, a working set included; of memory that is still
   * to come ({@link SnapshotFiles#ABSENT}), its length only. INVALID, naming file, found and
   * expected, if one is something else.
   */
  public Manifest publishCopy(Manifest original) {
    return publish(() -> copied(original));
  }

  private interface Content {
    Manifest manifest() throws IOException;
  }

  private Manifest publish(Content content) {
    if (over) {
      throw new IllegalStateException("draft " + id() + " is published or discarded");
    }
    try {
      Manifest manifest = steps(content);
      over = true;
      return manifest;
    } catch (IOException e) {
      throw undo(DiskFailure.of(folder.path(), e));
    } catch (RuntimeException e) {
      throw undo(e);
    }
  }

  private Manifest taken(Manifest.Facts facts) throws IOException {
    return new Manifest(
        Manifest.SCHEMA,
        id(),
        key,
        facts,
        store.now(),
        Crc32c.of(folder.file(SnapshotFiles.MEMORY)),
        Crc32c.of(folder.file(SnapshotFiles.STATE)),
        Optional.empty());
  }

  private Manifest copied(Manifest original) throws IOException {
    for (var file : original.files().entrySet()) {
      Optional<String> problem = folder.problem(file.getKey(), file.getValue());
      if (problem.isPresent()) {
        throw new SkepException(
            Code.INVALID, "copy of snapshot %s: %s".formatted(original.id(), problem.get()));
      }
      folder.force(file.getKey());
    }
    return new Manifest(
        Manifest.SCHEMA,
        id(),
        key,
        original.facts(),
        original.createdAt(),
        original.memory(),
        original.vmState(),
        original.workingSet());
  }

  private Manifest steps(Content content) throws IOException {
    failpoint.at(Step.BEGUN);
    folder.force(SnapshotFiles.MEMORY);
    folder.force(SnapshotFiles.STATE);
    failpoint.at(Step.FILES_FORCED);
    Manifest manifest = content.manifest();
    Instant now = store.now();
    failpoint.at(Step.FILES_SUMMED);
    store.reserve(this, manifest.allocatedBytes());
    failpoint.at(Step.ROOM_MADE);
    folder.stage(manifest, now);
    failpoint.at(Step.MANIFEST_STAGED);
    folder.commit();
    failpoint.at(Step.MANIFEST_COMMITTED);
    SnapshotFolder.force(folder.path());
    failpoint.at(Step.FOLDER_FORCED);
    store.published(this, new StoredSnapshot(folder, manifest, now));
    return manifest;
  }

  private RuntimeException undo(RuntimeException failure) {
    try {
      discard();
    } catch (SkepException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  /** Removes it with its files; without effect once it is published or discarded. */
  public void discard() {
    if (!over) {
      over = true;
      store.discarded(this, folder);
    }
  }

  /** Discards what was not published. */
  @Override
  public void close() {
    discard();
  }
}
