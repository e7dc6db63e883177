package dev.skep.store;

import dev.skep.api.SkepException;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows the objects of one kind until its thread is interrupted. */
public final class KindFollower implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(KindFollower.class);
  private static final long WAIT_MILLIS = 10_000;
  private static final long PAUSE_MILLIS = 1_000;

  private final ResourceStore store;
  private final ResourceKind kind;
  private final Consumer<ResourceStore.Event> changed;
  private final Runnable anythingChanged;

  /**
   * @param changed told of each change
   * @param anythingChanged told when changes may have been missed
   */
  public KindFollower(
      ResourceStore store,
      ResourceKind kind,
      Consumer<ResourceStore.Event> changed,
      Runnable anythingChanged) {
    this.store = store;
    this.kind = kind;
    this.changed = changed;
    this.anythingChanged = anythingChanged;
  }

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
      anythingChanged.run();
      try (ResourceStore.Watch watch = store.watch(kind, Optional.empty(), version)) {
        while (true) {
          watch.next(WAIT_MILLIS).ifPresent(changed);
        }
      }
    } catch (SkepException e) {
      LOG.info("the watch of {} begins again: {}", kind.plural(), e.getMessage());
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
