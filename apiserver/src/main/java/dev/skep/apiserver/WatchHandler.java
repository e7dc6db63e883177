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
    if (exchange.header("Upgrade").filter("websocket"::equalsIgnoreCase).isPresent()) {
      // A watch that ends at once: clients that try WebSocket first, as fabric8's do, take HTTP
      // then, but wait for the end of the answer before.
      exchange.send(200, Exchange.JSON, new byte[0]);
      return;
    }
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
    Selector all = Selector.of(served, exchange);
    Selector selector = path.name().map(all::named).orElse(all);
    View view = View.of(exchange);
    long from = exchange.number("resourceVersion").orElse(0);
    Optional<Boolean> sendInitial = sendInitialEvents(exchange);
    boolean markInitial = sendInitial.orElse(false);
    ResourceStore.Listing now = store.list(served.kind(), path.namespace());
    Optional<ResourceStore.Listing> initial =
        sendInitial.orElse(from == 0) ? Optional.of(now) : Optional.empty();
    long start = initial.isPresent() || from == 0 ? now.version() : from;
    boolean bookmarks = exchange.flag("allowWatchBookmarks");
    try (var watch = store.watch(served.kind(), path.namespace(), start);
        var out = exchange.stream(Exchange.JSON)) {
      var stream = new WatchStream(served, selector, view, bookmarks, out);
      if (initial.isPresent()) {
        stream.initial(initial.get(), markInitial);
      }
      stream.open(start);
      stream.run(watch, time(exchange));
    }
  }

  /** Empty where the client leaves it to the version that it names. */
  private static Optional<Boolean> sendInitialEvents(Exchange exchange) {
    Optional<String> wanted = exchange.query("sendInitialEvents").filter(text -> !text.isEmpty());
    String match = exchange.query("resourceVersionMatch").orElse("");
    if (wanted.isPresent() && !match.equals("NotOlderThan")) {
      throw invalid(
          "resourceVersionMatch: Forbidden: sendInitialEvents requires setting"
              + " resourceVersionMatch to NotOlderThan");
    }
    if (wanted.isEmpty() && !match.isEmpty()) {
      throw invalid(
          "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless"
              + " sendInitialEvents is provided");
    }
    return wanted.map(_ -> exchange.flag("sendInitialEvents"));
  }

  private static ApiFailure invalid(String why) {
    return ApiFailure.invalid("ListOptions.meta.k8s.io", "", why)
        .about("meta.k8s.io", "ListOptions", "");
  }

  private static Duration time(Exchange exchange) {
    long seconds = exchange.number("timeoutSeconds").orElse(0);
    return seconds == 0 ? DEFAULT_TIME : Duration.ofSeconds(Math.min(seconds, 86_400));
  }
}
