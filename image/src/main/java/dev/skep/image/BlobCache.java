package dev.skep.image;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Layers on their way, by digest, shared by pulls that want the same one. A layer goes when its
 * image is written; interrupted pulls leave theirs, up to a bound, so that the next try goes on.
 */
final class BlobCache {
  /** Fetches a blob into a file that may have its beginning already. */
  interface Fetch {
    void into(Path file) throws IOException;
  }

  private static final class Slot {
    final ReentrantLock fetching = new ReentrantLock();
    int users;
  }

  private final Path folder;
  private final long maxLeftBytes;
  private final Map<String, Slot> slots = new HashMap<>();

  BlobCache(Path folder, long maxLeftBytes) {
    this.folder = folder;
    this.maxLeftBytes = maxLeftBytes;
  }

  Path folder() {
    return folder;
  }

  /** A claim on a blob; closing it lets the blob go. */
  final class Lease implements Closeable {
    private final Digest digest;
    private final Slot slot;
    private boolean keep;
    private boolean closed;

    private Lease(Digest digest, Slot slot) {
      this.digest = digest;
      this.slot = slot;
    }

    /** The file with the whole blob: fetched now, or waited for while another pull fetches it. */
    Path file(Fetch fetch) throws IOException {
      Path whole = folder.resolve(digest.hex());
      slot.fetching.lock();
      try {
        if (!Files.exists(whole)) {
          Path part = part();
          fetch.into(part);
          Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
        }
        return whole;
      } finally {
        slot.fetching.unlock();
      }
    }

    private Path part() {
      return folder.resolve(digest.hex() + ".part");
    }

    /** What is there may stay for another try. */
    void keep() {
      keep = true;
    }

    @Override
    public void close() throws IOException {
      if (closed) {
        return;
      }
      closed = true;
      release(this);
    }
  }

  synchronized Lease lease(Digest digest) {
    Slot slot = slots.computeIfAbsent(digest.hex(), _ -> new Slot());
    slot.users++;
    return new Lease(digest, slot);
  }

  private synchronized void release(Lease lease) throws IOException {
    if (--lease.slot.users == 0) {
      slots.remove(lease.digest.hex());
      if (!lease.keep) {
        Files.deleteIfExists(folder.resolve(lease.digest.hex()));
        Files.deleteIfExists(lease.part());
      }
    }
    prune();
  }

  /** Removes leftovers, oldest first, until they are within the bound. */
  private void prune() throws IOException {
    List<Path> left;
    try (Stream<Path> files = Files.list(folder)) {
      left =
          files
              .filter(file -> !slots.containsKey(name(file).replace(".part", "")))
              .sorted(Comparator.comparingLong(BlobCache::age))
              .toList();
    }
    long bytes = left.stream().mapToLong(file -> file.toFile().length()).sum();
    for (Path file : left) {
      if (bytes <= maxLeftBytes) {
        return;
      }
      bytes -= file.toFile().length();
      Files.deleteIfExists(file);
    }
  }

  private static long age(Path file) {
    return file.toFile().lastModified();
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }
}
