package dev.skep.apiserver;

import dev.skep.api.ApiObject;
import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.store.MemoryStore;
import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * A kind whose objects are made up of others whenever somebody looks, and never stored. Whoever
 * reads sees them as they are then; a watch looks again five times a second, or less often where
 * that would take more than a tenth of its time. Nobody watches: nothing is done.
 */
final class MadeUpStore implements ResourceStore {
  private static final long PERIOD_NANOS = Duration.ofMillis(200).toNanos();
  private static final int SPARE = 10;

  /** How one is deleted, or why it is not. */
  interface Deletion {
    ApiObject delete(String namespace, String name);
  }

  private final ResourceKind kind;
  private final MemoryStore shown;
  private final Supplier<? extends Collection<ApiObject>> made;
  private final Deletion deletion;

  /** When a watch is to look again. Guarded by this. */
  private long nextNanos = System.nanoTime();

  MadeUpStore(
      ResourceKind kind,
      MemoryStore shown,
      Supplier<? extends Collection<ApiObject>> made,
      Deletion deletion) {
    this.kind = kind;
    this.shown = shown;
    this.made = made;
    this.deletion = deletion;
  }

  private synchronized void look() {
    long begun = System.nanoTime();
    shown.show(kind, made.get());
    long end = System.nanoTime();
    nextNanos = end + Math.max(PERIOD_NANOS, SPARE * (end - begun));
  }

  private synchronized void lookIfDue() {
    if (nextNanos - System.nanoTime() <= 0) {
      look();
    }
  }

  @Override
  public Optional<ApiObject> get(ResourceKind kind, String namespace, String name) {
    look();
    return shown.get(kind, namespace, name);
  }

  @Override
  public Listing list(ResourceKind kind, Optional<String> namespace) {
    look();
    return shown.list(kind, namespace);
  }

  @Override
  public ApiObject delete(ResourceKind kind, String namespace, String name) {
    return deletion.delete(namespace, name);
  }

  @Override
  public Watch watch(ResourceKind kind, Optional<String> namespace, long fromVersion) {
    return new Looking(shown.watch(kind, namespace, fromVersion));
  }

  /** Looks for changes while it waits for them. */
  private final class Looking implements Watch {
    private final Watch changes;

    private Looking(Watch changes) {
      this.changes = changes;
    }

    @Override
    public Optional<Event> next(long timeoutMillis) throws InterruptedException {
      long end = System.nanoTime() + timeoutMillis * 1_000_000;
      while (true) {
        lookIfDue();
        long left = Math.max(0, end - System.nanoTime());
        Optional<Event> event = changes.next(Math.min(left, PERIOD_NANOS) / 1_000_000);
        if (event.isPresent() || left == 0) {
          return event;
        }
      }
    }

    @Override
    public long version() {
      return changes.version();
    }

    @Override
    public void close() {
      changes.close();
    }
  }

  @Override
  public ApiObject create(ResourceKind kind, ApiObject object) {
    throw notWritten();
  }

  @Override
  public ApiObject replace(ResourceKind kind, ApiObject object) {
    throw notWritten();
  }

  @Override
  public ApiObject updateStatus(
      ResourceKind kind, String namespace, String name, UnaryOperator<ObjectNode> status) {
    throw notWritten();
  }

  private SkepException notWritten() {
    return new SkepException(Code.FORBIDDEN, kind.resource() + " are not written");
  }

  /** Does nothing: what it is made of is its owners' to close. */
  @Override
  public void close() {}
}
