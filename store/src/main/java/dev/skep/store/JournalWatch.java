package dev.skep.store;

import java.util.ArrayDeque;
import java.util.Optional;

/** A place in the journal and what it wants to see of it. Used by one thread at a time. */
final class JournalWatch implements ResourceStore.Watch {
  private final Journal journal;
  private final Journal.Older older;
  private final ResourceKind kind;
  private final Optional<String> namespace;
  private final ArrayDeque<Change> page = new ArrayDeque<>();
  private volatile boolean closed;
  private long position;

  JournalWatch(
      Journal journal,
      Journal.Older older,
      ResourceKind kind,
      Optional<String> namespace,
      long fromVersion) {
    journal.checkReadable(fromVersion);
    this.journal = journal;
    this.older = older;
    this.kind = kind;
    this.namespace = namespace;
    this.position = fromVersion;
  }

  @Override
  public Optional<ResourceStore.Event> next(long timeoutMillis) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
    long remaining = timeoutMillis;
    while (!closed) {
      Change change = page.pollFirst();
      if (change != null) {
        position = change.version();
        if (change.isOf(kind, namespace)) {
          return Optional.of(change.event());
        }
        continue;
      }
      var changes = journal.after(position, Math.max(0, remaining), older);
      if (changes.isEmpty()) {
        return Optional.empty();
      }
      page.addAll(changes);
      remaining = (deadline - System.nanoTime()) / 1_000_000;
    }
    return Optional.empty();
  }

  @Override
  public long version() {
    return position;
  }

  @Override
  public void close() {
    closed = true;
  }
}
