package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.EventFd;
import dev.skep.snapshot.ChunkSource;
import dev.skep.snapshot.Chunks;
import dev.skep.snapshot.SnapshotFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A memory file, chunks of which are still elsewhere. A few threads fetch them while guests run:
 * those that a guest waits for first, and behind them all others in their order, one at a time, for
 * the guests need the host's processors more. When the last has arrived, {@link
 * SnapshotFiles#ABSENT} is removed, and the snapshot is one like any other.
 */
final class RemoteMemory {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteMemory.class);
  private static final int FETCHERS = 4;
  private static final int NONE = -1;
  private static final int MOST_WRONG = 3;
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 3_000;

  private final Path folder;
  private final ChunkSource source;
  private final FileChannel memory;
  private final FileChannel absentFile;
  private final long memoryBytes;
  private final byte[] index;

  // guarded by this
  private final BitSet absent = new BitSet();
  private final BitSet inFlight = new BitSet();
  private final Deque<Integer> demanded = new ArrayDeque<>();
  private final Map<Integer, Integer> wrong = new HashMap<>();
  private final Map<Integer, SkepException> refused = new HashMap<>();
  private final Set<EventFd> waiting = new HashSet<>();
  private @Nullable SkepException lastFailure;
  private boolean closed;
  private int fetching;
  private int unasked = NONE; // the one chunk that is fetched without a guest that waits for it

  private RemoteMemory(
      Path folder, ChunkSource source, FileChannel memory, FileChannel absentFile, byte[] index)
      throws IOException {
    this.folder = folder;
    this.source = source;
    this.memory = memory;
    this.absentFile = absentFile;
    this.memoryBytes = memory.size();
    this.index = index;
  }

  /** Opens the snapshot's files and begins to fetch. */
  static RemoteMemory open(Path folder, ChunkSource source) {
    try {
      byte[] index = Files.readAllBytes(folder.resolve(SnapshotFiles.ABSENT));
      Path memory = folder.resolve(SnapshotFiles.MEMORY);
      Chunks.check(index, Files.size(memory));
      var opened =
          new RemoteMemory(
              folder,
              source,
              FileChannel.open(memory, StandardOpenOption.WRITE),
              FileChannel.open(folder.resolve(SnapshotFiles.ABSENT), StandardOpenOption.WRITE),
              index);
      opened.begin();
      return opened;
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, folder + ": " + e, e);
    }
  }

  private void begin() {
    for (int chunk = 0; chunk < Chunks.count(memoryBytes); chunk++) {
      absent.set(chunk, !Chunks.name(index, chunk).isEmpty());
    }
    fetching = FETCHERS;
    for (int i = 0; i < FETCHERS; i++) {
      Thread.ofPlatform().name("fetch-" + folder.getFileName()).daemon().start(this::fetchAll);
    }
  }

  /**
   * Whether that byte of the memory can be read; if not, its chunk is fetched next.
   *
   * @throws SkepException if its chunk is there, but never as it was saved
   */
  synchronized boolean present(long offset) {
    int chunk = (int) (offset / Chunks.BYTES);
    if (!absent.get(chunk)) {
      return true;
    }
    SkepException never = refused.get(chunk);
    if (never != null) {
      throw new SkepException(
          never.code(), "chunk %d of the memory: %s".formatted(chunk, never.getMessage()), never);
    }
    if (!inFlight.get(chunk) && !demanded.contains(chunk)) {
      demanded.add(chunk);
      notifyAll();
    }
    return false;
  }

  /** Signals it whenever something has arrived, or never will. */
  synchronized void tell(EventFd event) {
    waiting.add(event);
  }

  synchronized void forget(EventFd event) {
    waiting.remove(event);
  }

  synchronized long absentBytes() {
    return absent.stream().mapToLong(chunk -> Chunks.length(memoryBytes, chunk)).sum();
  }

  /** For who gives up waiting: what went wrong last. */
  synchronized String lastFailure() {
    return lastFailure == null ? "no answer yet" : String.valueOf(lastFailure.getMessage());
  }

  /** Fetches no more; what has arrived stays. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  private void fetchAll() {
    var buffer = ByteBuffer.allocate(Chunks.BYTES);
    int failures = 0;
    try {
      for (int chunk = next(); chunk != NONE; chunk = next()) {
        failures = fetch(chunk, buffer) ? 0 : pause(failures);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) { // whoever waits must be told
      LOG.error("{}: nothing more is fetched", folder, e);
      giveUp(new SkepException(Code.INTERNAL, folder + ": " + e, e));
    } finally {
      end();
    }
  }

  /** What is to be fetched; NONE at the end. */
  private synchronized int next() throws InterruptedException {
    while (!closed && !absent.isEmpty()) {
      int chunk = demanded.isEmpty() ? nextInOrder() : demanded.remove();
      if (chunk != NONE) {
        inFlight.set(chunk);
        return chunk;
      }
      wait();
    }
    return NONE;
  }

  private int nextInOrder() {
    if (unasked != NONE) {
      return NONE;
    }
    unasked = absent.nextSetBit(0);
    while (unasked != NONE && (inFlight.get(unasked) || refused.containsKey(unasked))) {
      unasked = absent.nextSetBit(unasked + 1);
    }
    return unasked;
  }

  private void over(int chunk) {
    inFlight.clear(chunk);
    if (chunk == unasked) {
      unasked = NONE; // whose thread looks for the next one itself
    }
  }

  private boolean fetch(int chunk, ByteBuffer buffer) throws IOException {
    try {
      buffer.clear().limit(Chunks.length(memoryBytes, chunk));
      source.fetch(Chunks.name(index, chunk), buffer);
      writeAll(memory, buffer.flip(), (long) chunk * Chunks.BYTES);
      // only now: whoever reads this file must find the chunk in the other
      writeAll(
          absentFile, ByteBuffer.allocate(Chunks.DIGEST_BYTES), (long) chunk * Chunks.DIGEST_BYTES);
      arrived(chunk);
      return true;
    } catch (SkepException e) {
      failed(chunk, e);
      return false;
    }
  }

  private static void writeAll(FileChannel file, ByteBuffer bytes, long position)
      throws IOException {
    while (bytes.hasRemaining()) {
      file.write(bytes, position + bytes.position());
    }
  }

  private synchronized void arrived(int chunk) {
    absent.clear(chunk);
    over(chunk);
    waiting.forEach(EventFd::signal);
    if (absent.isEmpty()) {
      notifyAll();
    }
  }

  /** What is wrong stays wrong: a few tries, for it may have been altered on its way. */
  private synchronized void failed(int chunk, SkepException why) {
    if (lastFailure == null) {
      LOG.warn("{}: chunk {} was not fetched: {}", folder, chunk, why.getMessage());
    }
    lastFailure = why;
    over(chunk);
    boolean hopeless = why.code() == Code.INVALID || why.code() == Code.NOT_FOUND;
    if (hopeless && wrong.merge(chunk, 1, Integer::sum) >= MOST_WRONG) {
      refused.put(chunk, why);
      waiting.forEach(EventFd::signal);
    } else {
      demanded.add(chunk);
    }
  }

  private synchronized void giveUp(SkepException why) {
    absent.stream().forEach(chunk -> refused.putIfAbsent(chunk, why));
    waiting.forEach(EventFd::signal);
  }

  /** Twice as long each time; how many failures that were. */
  private synchronized int pause(int failures) throws InterruptedException {
    long until =
        System.nanoTime()
            + 1_000_000
                * Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(failures, 10));
    for (long left = until - System.nanoTime();
        left > 0 && !closed;
        left = until - System.nanoTime()) {
      wait(left / 1_000_000 + 1);
    }
    return failures + 1;
  }

  /** The last thread closes what they share. */
  private void end() {
    synchronized (this) {
      if (--fetching > 0) {
        return;
      }
    }
    try (source;
        memory;
        absentFile) {
      if (absent.isEmpty()) {
        memory.force(true);
        Files.deleteIfExists(folder.resolve(SnapshotFiles.ABSENT));
        LOG.info("{}: all memory is here", folder);
      }
    } catch (IOException e) {
      LOG.warn("{}: {}", folder, e.toString()); // it stays one whose memory is not all here
    }
  }
}
