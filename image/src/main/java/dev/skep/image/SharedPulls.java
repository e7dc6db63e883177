package dev.skep.image;

import dev.skep.api.SkepException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets all who ask for the same image at the same time wait for one pull. */
final class SharedPulls {
  private static final Logger LOG = LoggerFactory.getLogger(SharedPulls.class);

  private static final class Flight {
    final CompletableFuture<Image> result = new CompletableFuture<>();
    final List<Images.Progress> listeners = new CopyOnWriteArrayList<>();

    void tell(String step, long done, long total) {
      listeners.removeIf(listener -> !isTold(listener, step, done, total));
    }

    private static boolean isTold(Images.Progress listener, String step, long done, long total) {
      try {
        listener.at(step, done, total);
        return true;
      } catch (RuntimeException e) {
        // Whoever watched has gone; the others still wait for the image.
        LOG.debug("a listener of a pull failed and is told no more", e);
        return false;
      }
    }
  }

  private final Map<String, Flight> flights = new ConcurrentHashMap<>();

  /** Runs the pull, or waits for the one that runs: every request of a pull has a deadline. */
  Image run(String name, Images.Progress progress, Function<Images.Progress, Image> pull) {
    Flight mine = new Flight();
    Flight flight = flights.computeIfAbsent(name, _ -> mine);
    flight.listeners.add(progress);
    if (flight == mine) {
      lead(name, mine, pull);
    }
    try {
      return flight.result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof SkepException failure) {
        throw new SkepException(failure.code(), String.valueOf(failure.getMessage()), failure);
      }
      throw e;
    }
  }

  private void lead(String name, Flight mine, Function<Images.Progress, Image> pull) {
    try {
      mine.result.complete(pull.apply(mine::tell));
    } catch (Throwable e) {
      mine.result.completeExceptionally(e);
    } finally {
      flights.remove(name);
    }
  }
}
