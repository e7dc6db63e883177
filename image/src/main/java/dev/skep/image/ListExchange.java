package dev.skep.image;

import dev.skep.api.SkepException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lists of what starts read from other hosts, and gives those that were recorded here. It
 * is advice only: whatever goes wrong, images are pulled without. Thread-safe.
 */
final class ListExchange implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ListExchange.class);

  /** A list of a million chunks is 8 MB; those of starts have some kilobytes. */
  static final int MOST_BYTES = 4 << 20;

  /** How long a pull waits for one once all else of it is here. */
  private static final Duration PATIENCE = Duration.ofMillis(1_500);

  private static final Duration LOOK = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private final ImageFolder folder;
  private final Optional<SharedLists> lists;
  private final Set<String> exchanged = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  ListExchange(ImageFolder folder, Optional<SharedLists> lists) {
    this.folder = folder;
    this.lists = lists;
  }

  /** What is on its way. */
  interface Asked {
    /** Waits for a moment at most. */
    void settle();
  }

  /** Asks for the list of an image that is being pulled, if this host has none. */
  Asked ask(String imageDigest, String key) {
    Path file = folder.access(key);
    if (lists.isEmpty() || Files.exists(file)) {
      return () -> {};
    }
    var answer = new CompletableFuture<Optional<byte[]>>();
    Thread.ofVirtual().name("access-list").start(() -> find(lists.get(), imageDigest, answer));
    return () -> take(answer, imageDigest, key);
  }

  private static void find(
      SharedLists lists, String imageDigest, CompletableFuture<Optional<byte[]>> answer) {
    try {
      answer.complete(lists.find(imageDigest, MOST_BYTES));
    } catch (RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  private void take(CompletableFuture<Optional<byte[]>> answer, String imageDigest, String key) {
    try {
      Optional<byte[]> list = answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (list.isPresent()) {
        AccessList.check(list.get());
        write(list.get(), folder.access(key));
        exchanged.add(key);
        LOG.info("image {}: another host has recorded what a start reads", imageDigest);
      }
    } catch (TimeoutException e) {
      LOG.info("image {}: no list of another host within {}", imageDigest, PATIENCE);
    } catch (ExecutionException e) {
      LOG.warn("image {}: no list of another host: {}", imageDigest, String.valueOf(e.getCause()));
    } catch (SkepException | IOException e) {
      LOG.warn("image {}: the list of another host is left out: {}", imageDigest, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void write(byte[] list, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Path written = file.resolveSibling(file.getFileName() + ".came");
    Files.write(written, list);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Gives from now on what is recorded, and what an earlier run has left. */
  void begin(Supplier<List<StoredImage>> images) {
    lists.ifPresent(
        place -> Thread.ofVirtual().name("access-lists").start(() -> giveAll(place, images)));
  }

  private void giveAll(SharedLists place, Supplier<List<StoredImage>> images) {
    Duration pause = LOOK;
    while (!closed) {
      try {
        Thread.sleep(pause);
        give(place, images.get());
        pause = LOOK;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (SkepException | IOException e) {
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? pause.multipliedBy(2)
                : LONGEST_PAUSE;
        LOG.warn("lists of what starts read are not shared yet: {}", e.getMessage());
      }
    }
  }

  /** Those that were not given yet. */
  void give(SharedLists place, List<StoredImage> images) throws IOException {
    for (StoredImage image : images) {
      Path file = folder.access(image.key());
      if (!exchanged.contains(image.key()) && Files.exists(file)) {
        place.share(image.digest(), Files.readAllBytes(file));
        exchanged.add(image.key());
      }
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
