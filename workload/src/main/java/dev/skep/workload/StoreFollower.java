package dev.skep.workload;

import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows the objects of one kind until its thread is interrupted. */
record StoreFollower(ResourceStore store, ResourceKind kind, Runnable changed) implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreFollower.class);
  private static final long WAIT_MILLIS = 10_000;
  private static final long PAUSE_MILLIS = 1_000;

  @Override
  public void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        followOnce();
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private void followOnce() throws InterruptedException {
    try {
      long version = store.list(kind, Optional.empty()).version();
      changed.run();
      try (ResourceStore.Watch watch = store.watch(kind, Optional.empty(), version)) {
        while (true) {
          watch.next(WAIT_MILLIS).ifPresent(_ -> changed.run());
        }
      }
    } catch (SkepException e) {
      LOG.info("the watch of {} begins again: {}", kind.plural(), e.getMessage());
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
