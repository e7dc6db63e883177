package dev.skep.apiserver;

import dev.skep.store.ResourceStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** Watches: {@code ?watch=true}. */
final class WatchHandler {
  /** As long as Kubernetes keeps a watch whose client asked for nothing. */
  private static final Duration DEFAULT_TIME = Duration.ofMinutes(30);

  private static final int MOST_WATCHES = 1_024;

  private final ResourceStore store;
  private final Semaphore places = new Semaphore(MOST_WATCHES);

  WatchHandler(ResourceStore store) {
    this.store = store;
  }

  void watch(ServedKind served, ResourcePath path, Exchange exchange) {
    if (!places.tryAcquire()) {
      throw new ApiFailure(
          429, "TooManyRequests", "%d watches are open; try again later".formatted(MOST_WATCHES));
    }
    try {
      stream(served, path, exchange);
    } catch (IOException | UncheckedIOException e) {
      // the client has gone: that is how watches end
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server is closing
    } finally {
      places.release();
    }
  }

  private void stream(ServedKind served, ResourcePath path, Exchange exchange)
      throws IOException, InterruptedException {
    Selector all = Selector.of(exchange);
    Selector selector = path.name().map(all::named).orElse(all);
    long from = exchange.number("resourceVersion").orElse(0);
    boolean markInitial = exchange.flag("sendInitialEvents");
    Optional<ResourceStore.Listing> initial =
        from == 0 || markInitial
            ? Optional.of(store.list(served.kind(), path.namespace()))
            : Optional.empty();
    long start = initial.map(ResourceStore.Listing::version).orElse(from);
    boolean bookmarks = exchange.flag("allowWatchBookmarks");
    try (var watch = store.watch(served.kind(), path.namespace(), start);
        var out = exchange.stream(Exchange.JSON)) {
      var stream = new WatchStream(served.kind(), selector, bookmarks, out);
      if (initial.isPresent()) {
        stream.initial(initial.get(), markInitial);
      }
      stream.open(start);
      stream.run(watch, time(exchange));
    }
  }

  private static Duration time(Exchange exchange) {
    long seconds = exchange.number("timeoutSeconds").orElse(0);
    return seconds == 0 ? DEFAULT_TIME : Duration.ofSeconds(Math.min(seconds, 86_400));
  }
}
