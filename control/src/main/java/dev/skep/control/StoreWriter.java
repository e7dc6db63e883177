package dev.skep.control;

import dev.skep.api.ApiObject;
import dev.skep.api.Conditions;
import dev.skep.api.RevisionKey;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes to the store what the control thread decided, so that no start ever waits for a disk. Only
 * the newest wish for each object is written; what cannot be written is wished again at the next
 * resync. Safe for use by any thread.
 */
final class StoreWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWriter.class);

  private record Key(ResourceKind kind, String namespace, String name) {}

  private final ResourceStore store;
  private final Clocks clocks;
  private final Executor executor;

  /** Guarded by this. */
  private final SequencedMap<Key, Runnable> wishes = new LinkedHashMap<>();

  private boolean draining;

  StoreWriter(ResourceStore store, Clocks clocks, Executor executor) {
    this.store = store;
    this.clocks = clocks;
    this.executor = executor;
  }

  /**
   * @param wanted without the times of its conditions
   */
  void serviceStatus(ServiceState.Name service, ObjectNode wanted) {
    ResourceKind kind = ResourceKind.KNATIVE_SERVICE;
    wish(
        new Key(kind, service.namespace(), service.name()),
        () ->
            store.updateStatus(
                kind,
                service.namespace(),
                service.name(),
                before -> Conditions.withTimes(wanted, before, clocks.now())));
  }

  void revision(ApiObject wanted, ObjectNode status) {
    wish(key(new RevisionKey(wanted.namespace(), wanted.name())), () -> keep(wanted, status));
  }

  private void keep(ApiObject wanted, ObjectNode status) {
    ResourceKind kind = StoredRevisions.KIND;
    if (store.get(kind, wanted.namespace(), wanted.name()).isPresent()) {
      store.replace(kind, wanted);
    } else {
      store.create(kind, wanted);
    }
    store.updateStatus(
        kind,
        wanted.namespace(),
        wanted.name(),
        before -> Conditions.withTimes(status, before, clocks.now()));
  }

  void noRevision(RevisionKey revision) {
    wish(
        key(revision),
        () -> store.delete(StoredRevisions.KIND, revision.namespace(), revision.name()));
  }

  private static Key key(RevisionKey revision) {
    return new Key(StoredRevisions.KIND, revision.namespace(), revision.name());
  }

  private synchronized void wish(Key key, Runnable write) {
    wishes.put(key, write);
    if (!draining) {
      draining = true;
      executor.execute(this::drain);
    }
  }

  private void drain() {
    Runnable next;
    while ((next = next()) != null) {
      try {
        next.run();
      } catch (SkepException e) {
        if (e.code() == Code.NOT_FOUND) {
          LOG.debug("nothing to write: {}", e.getMessage());
        } else {
          LOG.warn("a status was not written, and is at the next resync", e);
        }
      } catch (RuntimeException e) {
        LOG.error("a status was not written, and is at the next resync", e);
      }
    }
  }

  private synchronized @Nullable Runnable next() {
    if (wishes.isEmpty()) {
      draining = false;
      notifyAll();
      return null;
    }
    return wishes.pollFirstEntry().getValue();
  }

  /** Waits until all is written, at most this long. */
  synchronized void flush(long millis) throws InterruptedException {
    long end = System.nanoTime() + millis * 1_000_000;
    while (draining) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return;
      }
      wait(left);
    }
  }
}
