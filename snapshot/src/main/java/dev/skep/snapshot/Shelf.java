package dev.skep.snapshot;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots that the store keeps, within its budget; those that are retired stay as long as
 * they are leased, for they take their place on the disk. Guarded by the store's lock.
 */
final class Shelf {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotStore.class);

  private final long budgetBytes;
  private final Consumer<SnapshotFolder> trash;
  private final Map<String, StoredSnapshot> snapshots = new HashMap<>();
  private final Map<Draft, Long> reserved = new HashMap<>();

  /**
   * @param trash takes the folders that are no longer needed
   */
  Shelf(long budgetBytes, Consumer<SnapshotFolder> trash) {
    this.budgetBytes = budgetBytes;
    this.trash = trash;
  }

  void put(StoredSnapshot snapshot) {
    snapshots.put(snapshot.id(), snapshot);
  }

  Optional<StoredSnapshot> get(String id) {
    return Optional.ofNullable(snapshots.get(id));
  }

  Collection<StoredSnapshot> all() {
    return snapshots.values();
  }

  /** Those of the key that are not retired. */
  List<StoredSnapshot> newestFirst(SnapshotKey key) {
    return snapshots.values().stream()
        .filter(snapshot -> !snapshot.retired && snapshot.manifest.key().equals(key))
        .sorted(Comparator.comparingInt(StoredSnapshot::number).reversed())
        .toList();
  }

  /** The highest number that a name beginning like this key's has; 0 for none. */
  int lastNumber(SnapshotKey key) {
    return snapshots.values().stream()
        .filter(snapshot -> snapshot.manifest.key().shortForm().equals(key.shortForm()))
        .mapToInt(StoredSnapshot::number)
        .max()
        .orElse(0);
  }

  /** Makes room for a draft; EXHAUSTED, without removing anything, if there cannot be enough. */
  void reserve(Draft draft, long bytes) throws IOException {
    long idle = sum(snapshots.values().stream().filter(StoredSnapshot::idle).toList());
    long free = Math.max(0, budgetBytes - (used() - idle));
    if (bytes > free) {
      throw new SkepException(
          Code.EXHAUSTED,
          "snapshot %s takes %d MiB (expected: at most %d MiB, what snapshots in use leave of the %d MiB of snapshots.budget)"
              .formatted(draft.id(), bytes >> 20, free >> 20, budgetBytes >> 20));
    }
    reserved.put(draft, bytes);
    evict();
  }

  void unreserve(Draft draft) {
    reserved.remove(draft);
  }

  /** Keeps to the budget, as far as leases allow: what was least recently used goes first. */
  void evict() throws IOException {
    while (used() > budgetBytes) {
      Optional<StoredSnapshot> victim =
          snapshots.values().stream()
              .filter(StoredSnapshot::idle)
              .min(Comparator.comparing(snapshot -> snapshot.lastUsedAt));
      if (victim.isEmpty()) {
        return;
      }
      retire(victim.get(), "least recently used, and the budget is spent");
    }
  }

  private long used() {
    return sum(snapshots.values()) + reserved.values().stream().mapToLong(Long::longValue).sum();
  }

  private static long sum(Collection<StoredSnapshot> snapshots) {
    return snapshots.stream().mapToLong(snapshot -> snapshot.manifest.allocatedBytes()).sum();
  }

  /** Without its manifest it is no snapshot after a crash either. */
  void retire(StoredSnapshot snapshot, String why) throws IOException {
    if (!snapshot.retired) {
      LOG.info("snapshot {} is retired: {}", snapshot.id(), why);
      snapshot.folder.removeManifest();
      snapshot.retired = true;
      dropIfUnused(snapshot);
    }
  }

  void dropIfUnused(StoredSnapshot snapshot) {
    if (snapshot.retired && snapshot.leases == 0) {
      snapshots.remove(snapshot.id());
      trash.accept(snapshot.folder);
    }
  }
}
