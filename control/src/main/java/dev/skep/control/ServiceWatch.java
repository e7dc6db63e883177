package dev.skep.control;

import dev.skep.api.SkepException;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows one kind of the store's objects until its thread is interrupted. */
final class ServiceWatch implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceWatch.class);
  private static final long WAIT_MILLIS = 10_000;
  private static final long PAUSE_MILLIS = 1_000;

  private final ResourceStore store;
  private final ResourceKind kind;
  private final Consumer<ServiceState.Name> changed;
  private final Runnable anythingChanged;

  /**
   * @param changed told of each object that changed
   * @param anythingChanged told when changes may have been missed
   */
  ServiceWatch(
      ResourceStore store,
      ResourceKind kind,
      Consumer<ServiceState.Name> changed,
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
          watch
              .next(WAIT_MILLIS)
              .map(ResourceStore.Event::object)
              .ifPresent(
                  object ->
                      changed.accept(new ServiceState.Name(object.namespace(), object.name())));
        }
      }
    } catch (SkepException e) {
      LOG.info("the watch of {} begins again: {}", kind.plural(), e.getMessage());
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
