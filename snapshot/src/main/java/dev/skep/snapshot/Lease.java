package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The right to use a snapshot's files, which stay until it is closed. A VMM or pager that has them
 * open by then needs no lease any more: what is open outlives its name. Thread-safe.
 */
public final class Lease implements AutoCloseable {
  private final SnapshotStore store;
  private final StoredSnapshot snapshot;
  private final Manifest manifest;
  private boolean closed;

  Lease(SnapshotStore store, StoredSnapshot snapshot) {
    this.store = store;
    this.snapshot = snapshot;
    this.manifest = snapshot.manifest;
  }

  /** As it was when the lease was given. */
  public Manifest manifest() {
    return manifest;
  }

  /** False while some of its memory is still in object storage. */
  public boolean whole() {
    return snapshot.folder.whole();
  }

  /** With the files, which nobody may write to, but for the set of one who may record. */
  public Path folder() {
    return snapshot.folder.path();
  }

  /**
   * @param name of {@link SnapshotFiles}
   */
  public Path file(String name) {
    return snapshot.folder.file(name);
  }

  /**
   * Asks to be the one who writes the working set of this snapshot. True for one lease at a time,
   * while there is no set; the right ends with the lease or with {@link SnapshotStore#recorded}.
   */
  public boolean claimRecording() {
    return store.claimRecording(this, snapshot);
  }

  /** Both files of a recorded set, forced to the disk; INVALID if they are not whole. */
  Manifest.RecordedSet readWorkingSet(int pages, long bytes) {
    FileFacts order = recorded(SnapshotFiles.WORKING_SET);
    FileFacts content = recorded(SnapshotFiles.WORKING_SET_PAGES);
    if (content.bytes() != bytes) {
      throw new SkepException(
          Code.INVALID,
          "working set of snapshot %s: %s has %d bytes (expected: %d, its %d pages)"
              .formatted(
                  manifest.id(), SnapshotFiles.WORKING_SET_PAGES, content.bytes(), bytes, pages));
    }
    return new Manifest.RecordedSet(pages, order, content);
  }

  private FileFacts recorded(String name) {
    if (!Files.isRegularFile(file(name))) {
      throw new SkepException(
          Code.INVALID,
          "working set of snapshot %s: no file '%s' (expected: both files, before they are announced)"
              .formatted(manifest.id(), name));
    }
    try {
      SnapshotFolder.force(file(name));
      return Crc32c.of(file(name));
    } catch (IOException e) {
      throw DiskFailure.of(file(name), e);
    }
  }

  /** Lets go; again has no effect. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    store.release(this, snapshot);
  }
}
