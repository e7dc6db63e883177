package dev.skep.apiserver;

import dev.skep.store.ResourceKind;
import dev.skep.store.ResourceStore.Listing;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Lists whose first pages were sent, for the pages that follow. They share the store's bytes with
 * it, so that one costs what has changed since. Safe for use by several threads.
 */
final class ListSnapshots {
  /** As long as Kubernetes keeps them. */
  private static final long KEPT_NANOS = Duration.ofMinutes(5).toNanos();

  private static final int MOST = 64;

  /**
   * Which list.
   *
   * @param namespace empty: all
   */
  record Key(ResourceKind kind, Optional<String> namespace, long version) {}

  private record Kept(Listing listing, long since) {}

  private final LongSupplier nanoTime;
  private final LinkedHashMap<Key, Kept> kept = new LinkedHashMap<>();

  ListSnapshots(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  synchronized void keep(Key key, Listing listing) {
    long now = nanoTime.getAsLong();
    kept.values().removeIf(one -> now - one.since > KEPT_NANOS);
    kept.putIfAbsent(key, new Kept(listing, now));
    if (kept.size() > MOST) {
      kept.remove(kept.firstEntry().getKey());
    }
  }

  synchronized Optional<Listing> find(Key key) {
    return Optional.ofNullable(kept.get(key))
        .filter(one -> nanoTime.getAsLong() - one.since <= KEPT_NANOS)
        .map(Kept::listing);
  }
}
