package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots of this host, one folder each below a root that one process at a time may use. A
 * half-made snapshot is never found; what is kept stays within a budget, the least recently used
 * going first. Sizes are allocated bytes: memory files are sparse.
 *
 * <p>Thread-safe. One lock guards what is known; it is held for looks at files and for writing a
 * manifest, never while files are summed up or removed.
 */
public final class SnapshotStore {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotStore.class);

  private final Path root;
  private final InstantSource clock;
  private final Draft.Failpoint failpoint;
  private final Queue<SnapshotFolder> trash = new ConcurrentLinkedQueue<>();
  private final Shelf shelf;
  private final Map<SnapshotKey, Draft> drafts = new HashMap<>();

  private SnapshotStore(
      Path root, long budgetBytes, InstantSource clock, Draft.Failpoint failpoint) {
    this.root = root;
    this.clock = clock;
    this.failpoint = failpoint;
    this.shelf = new Shelf(budgetBytes, trash::add);
  }

  /**
   * Opens the store in a folder, which is made if need be and is for its owner alone: memory holds
   * secrets. Drafts that an earlier run left, and snapshots that this version cannot read, are
   * removed: a snapshot can be taken again.
   *
   * @param budgetBytes that all snapshots together may take on disk
   * @throws SkepException INTERNAL when the folder cannot be read or written
   */
  public static SnapshotStore open(Path root, long budgetBytes, InstantSource clock) {
    return open(root, budgetBytes, clock, _ -> {});
  }

  static SnapshotStore open(
      Path root, long budgetBytes, InstantSource clock, Draft.Failpoint failpoint) {
    var store = new SnapshotStore(root, budgetBytes, clock, failpoint);
    store.load();
    return store;
  }

  private void load() {
    guarded(
        () -> {
          Files.createDirectories(root);
          Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
          try (Stream<Path> folders = Files.list(root)) {
            folders.map(SnapshotFolder::new).forEach(this::load);
          }
          shelf.evict();
          return root;
        });
  }

  private void load(SnapshotFolder folder) {
    try {
      shelf.put(StoredSnapshot.read(folder));
    } catch (IOException | SkepException e) {
      LOG.info("{} is no snapshot and is removed: {}", folder.path(), e.getMessage());
      trash.add(folder);
    }
  }

  Instant now() {
    return clock.instant();
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  /** Does the work under the lock; then removes, without it, what the work has thrown away. */
  private <T> T guarded(Work<T> work) {
    T result;
    try {
      synchronized (this) {
        result = work.run();
      }
    } catch (IOException e) {
      throw DiskFailure.of(root, e);
    }
    for (SnapshotFolder next = trash.poll(); next != null; next = trash.poll()) {
      try {
        next.delete();
      } catch (IOException e) {
        throw DiskFailure.of(next.path(), e);
      }
    }
    return result;
  }

  /**
   * Begins a snapshot; close or discard what is not published.
   *
   * @throws SkepException CONFLICT while another draft of the key is open
   */
  public Draft draft(SnapshotKey key) {
    return guarded(
        () -> {
          Draft other = drafts.get(key);
          if (other != null) {
            throw new SkepException(
                Code.CONFLICT,
                "a snapshot of %s is being made: %s (expected: one at a time)"
                    .formatted(key, other.id()));
          }
          var draft = new Draft(this, key, newFolder(key), failpoint);
          drafts.put(key, draft);
          return draft;
        });
  }

  private SnapshotFolder newFolder(SnapshotKey key) throws IOException {
    for (int number = shelf.lastNumber(key) + 1; ; number++) {
      try {
        Path folder = Files.createDirectory(root.resolve(StoredSnapshot.id(key, number)));
        SnapshotFolder.force(root);
        return new SnapshotFolder(folder);
      } catch (FileAlreadyExistsException e) {
        // in the making, or about to be removed
      }
    }
  }

  void reserve(Draft draft, long bytes) {
    guarded(
        () -> {
          shelf.reserve(draft, bytes);
          return draft;
        });
  }

  synchronized void published(Draft draft, StoredSnapshot snapshot) {
    drafts.remove(draft.key());
    shelf.unreserve(draft);
    shelf.put(snapshot);
  }

  void discarded(Draft draft, SnapshotFolder folder) {
    guarded(
        () -> {
          drafts.remove(draft.key());
          shelf.unreserve(draft);
          return trash.add(folder);
        });
  }

  /**
   * The newest snapshot of the key that can be used. One whose memory or state is gone or has
   * another length than when it was published is retired on the way; a working set of another
   * length is forgotten. Contents are compared by {@link #verify} only.
   */
  public Optional<Lease> find(SnapshotKey key) {
    return guarded(
        () -> {
          for (StoredSnapshot snapshot : shelf.newestFirst(key)) {
            Optional<String> damage = snapshot.damage();
            if (damage.isEmpty()) {
              return Optional.of(use(snapshot));
            }
            shelf.retire(snapshot, damage.get());
          }
          return Optional.empty();
        });
  }

  private Lease use(StoredSnapshot snapshot) throws IOException {
    snapshot.lastUsedAt = now();
    Optional<String> damage = snapshot.workingSetDamage();
    if (damage.isPresent()) {
      LOG.warn("snapshot {}: its working set is forgotten: {}", snapshot.id(), damage.get());
      snapshot.setWorkingSet(Optional.empty());
    } else {
      snapshot.folder.touch(snapshot.lastUsedAt);
    }
    return lease(snapshot);
  }

  private Lease lease(StoredSnapshot snapshot) {
    snapshot.leases++;
    return new Lease(this, snapshot);
  }

  synchronized boolean claimRecording(Lease lease, StoredSnapshot snapshot) {
    boolean free = snapshot.recorder == null || snapshot.recorder == lease;
    if (free && snapshot.state() == SnapshotState.READY) {
      snapshot.recorder = lease;
      return true;
    }
    return false;
  }

  void release(Lease lease, StoredSnapshot snapshot) {
    guarded(
        () -> {
          snapshot.leases--;
          if (snapshot.recorder == lease) {
            snapshot.recorder = null;
          }
          shelf.dropIfUnused(snapshot);
          shelf.evict();
          return lease;
        });
  }

  /**
   * The recorded working set is in the folder, whole: READY becomes RECORDED.
   *
   * @param pages in the set
   * @param bytes length that {@link SnapshotFiles#WORKING_SET_PAGES} must have
   * @throws SkepException INVALID when a file of the set is missing or of another length, CONFLICT
   *     when there is a set already (restores may be reading it: {@link #forgetWorkingSet} comes
   *     first)
   */
  public Manifest recorded(String id, int pages, long bytes) {
    try (Lease lease = hold(id)) {
      Manifest.RecordedSet set = lease.readWorkingSet(pages, bytes);
      return guarded(
          () -> {
            StoredSnapshot snapshot = known(id);
            if (snapshot.state() != SnapshotState.READY) {
              throw new SkepException(
                  Code.CONFLICT,
                  "snapshot %s is %s (expected: ready)".formatted(id, snapshot.state()));
            }
            snapshot.setWorkingSet(Optional.of(set));
            snapshot.recorder = null;
            return snapshot.manifest;
          });
    }
  }

  /**
   * RECORDED becomes READY, so that the next restore records anew; READY stays.
   *
   * @throws SkepException CONFLICT while it is leased: a restore may be reading the set
   */
  public void forgetWorkingSet(String id) {
    guarded(
        () -> {
          StoredSnapshot snapshot = known(id);
          if (snapshot.leases > 0) {
            throw new SkepException(
                Code.CONFLICT,
                "snapshot %s has %d leases (expected: none while its working set goes)"
                    .formatted(id, snapshot.leases));
          }
          snapshot.setWorkingSet(Optional.empty());
          Files.deleteIfExists(snapshot.folder.file(SnapshotFiles.WORKING_SET));
          return Files.deleteIfExists(snapshot.folder.file(SnapshotFiles.WORKING_SET_PAGES));
        });
  }

  /**
   * No new leases from now on, whatever happens; the files go with the last lease. One that is gone
   * already is left alone.
   *
   * @param why for the log
   */
  public void retire(String id, String why) {
    guarded(
        () -> {
          Optional<StoredSnapshot> snapshot = shelf.get(id);
          if (snapshot.isPresent()) {
            shelf.retire(snapshot.get(), why);
          }
          return snapshot;
        });
  }

  /**
   * As {@link #retire}, for people.
   *
   * @throws SkepException NOT_FOUND
   */
  public void remove(String id) {
    guarded(
        () -> {
          shelf.retire(known(id), "removed by a user");
          return id;
        });
  }

  /** Most recently used first, retired ones that are still leased included. */
  public synchronized List<Snapshot> list() {
    return shelf.all().stream()
        .map(StoredSnapshot::view)
        .sorted(Comparator.comparing(Snapshot::lastUsedAt).reversed())
        .toList();
  }

  /**
   * One snapshot.
   *
   * @throws SkepException NOT_FOUND
   */
  public synchronized Snapshot describe(String id) {
    return known(id).view();
  }

  /**
   * Reads all files of a snapshot: what is missing, of another length or altered, each with what
   * was found and expected; empty if all is well. Changes nothing.
   *
   * @throws SkepException NOT_FOUND; GONE once it is retired
   */
  public List<String> verify(String id) {
    try (Lease lease = hold(id)) {
      var folder = new SnapshotFolder(root.resolve(id));
      var problems = new ArrayList<String>();
      for (var file : lease.manifest().files().entrySet()) {
        folder.problem(file.getKey(), file.getValue()).ifPresent(problems::add);
      }
      return List.copyOf(problems);
    } catch (IOException e) {
      throw DiskFailure.of(root, e);
    }
  }

  /**
   * Keeps the files of a snapshot without counting as a use.
   *
   * @throws SkepException NOT_FOUND; GONE once it is retired
   */
  public synchronized Lease hold(String id) {
    StoredSnapshot snapshot = known(id);
    if (snapshot.retired) {
      throw new SkepException(
          Code.GONE, "snapshot %s is retired (expected: ready or recorded)".formatted(id));
    }
    return lease(snapshot);
  }

  private StoredSnapshot known(String id) {
    return shelf
        .get(id)
        .orElseThrow(
            () ->
                new SkepException(
                    Code.NOT_FOUND,
                    "snapshot %s is not here; 'skep snapshot ls' lists what is".formatted(id)));
  }
}
