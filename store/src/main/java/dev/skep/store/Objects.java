package dev.skep.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * All objects as bytes, and the version that they are of. Safe for use by several threads: the lock
 * is for lists, which are of one version; who wants one object does not wait.
 */
final class Objects {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final ConcurrentSkipListMap<ObjectKey, byte[]> objects = new ConcurrentSkipListMap<>();
  private long version;

  Objects(List<Change> changes, long version) {
    this.version = version;
    apply(changes);
  }

  void apply(List<Change> changes) {
    lock.writeLock().lock();
    try {
      for (Change change : changes) {
        switch (change.type()) {
          case ADDED, MODIFIED -> objects.put(change.key(), change.json());
          case DELETED -> objects.remove(change.key());
        }
        version = Math.max(version, change.version());
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  Optional<byte[]> get(ObjectKey key) {
    return Optional.ofNullable(objects.get(key));
  }

  ResourceStore.Listing list(ResourceKind kind, Optional<String> namespace) {
    lock.readLock().lock();
    try {
      var json = new ArrayList<byte[]>();
      var from = ObjectKey.of(kind, namespace.orElse(""), "");
      for (var entry : objects.tailMap(from).entrySet()) {
        ObjectKey key = entry.getKey();
        boolean inside =
            key.resource().equals(kind.resource())
                && (namespace.isEmpty() || key.namespace().equals(namespace.get()));
        if (!inside) {
          break;
        }
        json.add(entry.getValue());
      }
      return new ResourceStore.Listing(List.copyOf(json), version);
    } finally {
      lock.readLock().unlock();
    }
  }
}
