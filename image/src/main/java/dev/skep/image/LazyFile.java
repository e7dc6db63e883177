package dev.skep.image;

import dev.skep.api.SkepException;
import dev.skep.image.ChunkState.Reason;
import dev.skep.image.ChunkState.Run;
import dev.skep.linux.DataExtents;
import dev.skep.linux.FuseNode;
import dev.skep.linux.FuseReply;
import dev.skep.linux.ReadOnlyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lazy image that is read: what is missing is fetched, compared with its digest and written into
 * the file before it is given out. A few threads fetch until all is here. What an earlier process
 * wrote is compared again before it is believed: nobody knows what reached the disk.
 */
final class LazyFile implements FuseNode {
  private static final Logger LOG = LoggerFactory.getLogger(LazyFile.class);
  private static final int FETCHERS = 5;
  private static final int MOST_WRONG = 3;

  /** A start reads again and again with pauses; a request in such a one would delay the next. */
  private static final long QUIET_MILLIS = 300;

  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;

  /** Told what becomes of the file. */
  interface Owner {
    /** All is here, and on disk. */
    void complete(LazyFile file);

    /** Nobody has it open any more. */
    void forgotten(LazyFile file);
  }

  /** A read that has to wait. */
  private static final class Waiter {
    final long offset;
    final int bytes;
    final FuseReply reply;
    int missing;

    Waiter(long offset, int bytes, FuseReply reply) {
      this.offset = offset;
      this.bytes = bytes;
      this.reply = reply;
    }
  }

  private final String name;
  private final ChunkMap map;
  private final List<BlobRanges> layers;
  private final ReadOnlyFile file;
  private final FileChannel channel;
  private final long size;
  private final Object identity;
  private final Owner owner;

  // guarded by this
  private final ChunkState state;
  private final BitSet doubtful = new BitSet();
  private final Map<Integer, List<Waiter>> waiting = new HashMap<>();
  private final Map<Integer, Integer> wrong = new HashMap<>();
  private @Nullable AccessList record;
  private int fetching;
  private boolean closed;
  private String lastFailure = "";
  private long fetchedBytes;
  private long lastAwaited = System.nanoTime();

  private LazyFile(
      String name,
      ChunkMap map,
      List<BlobRanges> layers,
      LazyFolder folder,
      int[] wanted,
      @Nullable AccessList record,
      Owner owner)
      throws IOException {
    this.name = name;
    this.map = map;
    this.layers = List.copyOf(layers);
    this.owner = owner;
    this.state = new ChunkState(map, wanted);
    this.record = record;
    this.channel =
        FileChannel.open(folder.image(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    this.file = ReadOnlyFile.open(folder.image());
    this.size = channel.size();
    this.identity = identity(folder.image());
    DataExtents.visit(folder.image(), this::doubt);
  }

  /**
   * Opens the files of an image; nothing is fetched before {@link #begin}.
   *
   * @param wanted what a start is expected to read, in order
   * @param record gets what is read, if that is wanted
   */
  static LazyFile open(
      String name,
      LazyFolder folder,
      ChunkMap map,
      List<BlobRanges> layers,
      int[] wanted,
      @Nullable AccessList record,
      Owner owner)
      throws IOException {
    return new LazyFile(name, map, layers, folder, wanted, record, owner);
  }

  private void doubt(long offset, long bytes) {
    for (int chunk = map.firstEndingBehind(offset);
        chunk < map.count() && map.at(chunk) < offset + bytes;
        chunk++) {
      doubtful.set(chunk);
    }
  }

  synchronized void begin() {
    fetching = FETCHERS;
    for (int i = 0; i < FETCHERS; i++) {
      Thread.ofPlatform().name("fetch-" + name.substring(0, 8)).daemon().start(this::fetchAll);
    }
  }

  private static Object identity(Path file) throws IOException {
    return Objects.requireNonNull(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
  }

  /** Whether it is the file that has that path now; the image may have been removed meanwhile. */
  boolean isAt(Path path) throws IOException {
    return Files.exists(path) && identity.equals(identity(path));
  }

  String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long offset, int bytes, FuseReply reply) {
    if (!awaited(new Waiter(offset, bytes, reply))) {
      reply.data(file, offset, bytes);
    }
  }

  /** Whether the read has to wait; then it is answered when all that it needs has come. */
  private synchronized boolean awaited(Waiter waiter) {
    long end = waiter.offset + waiter.bytes;
    for (int chunk = map.firstEndingBehind(waiter.offset);
        chunk < map.count() && map.at(chunk) < end;
        chunk++) {
      if (record != null) {
        record.touched(chunk);
      }
      if (!state.isPresent(chunk)) {
        waiter.missing++;
        waiting.computeIfAbsent(chunk, _ -> new ArrayList<>()).add(waiter);
        state.demand(chunk);
      }
    }
    if (waiter.missing > 0) {
      lastAwaited = System.nanoTime();
      notifyAll();
    }
    return waiter.missing > 0;
  }

  /** What was read until now, once: the record ends with that; null if none was made. */
  synchronized @Nullable AccessList takeRecord() {
    AccessList taken = record;
    record = null;
    return taken;
  }

  synchronized boolean isRecording() {
    return record != null && !record.isEmpty();
  }

  synchronized LazyStatus status() {
    return new LazyStatus(
        name, size, map.count(), state.presentCount(), fetchedBytes, waiting.size(), lastFailure);
  }

  @Override
  public void forgotten() {
    owner.forgotten(this);
  }

  /** From now on only what is read is fetched. */
  synchronized void demandOnly() {
    state.demandOnly();
  }

  /** Fetches no more; who waits is refused. */
  void close() {
    List<Waiter> refused = new ArrayList<>();
    synchronized (this) {
      closed = true;
      waiting.values().forEach(refused::addAll);
      waiting.clear();
      notifyAll();
    }
    refused.stream().distinct().forEach(waiter -> waiter.reply.failed());
  }

  private void fetchAll() {
    int failures = 0;
    try {
      for (Run run = next(); run != null; run = next()) {
        failures = fetch(run) ? 0 : pause(run, failures);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) { // whoever waits must be told
      LOG.error("image {}: nothing more is fetched", name, e);
      close();
    } finally {
      end();
    }
  }

  private synchronized @Nullable Run next() throws InterruptedException {
    while (!closed && !state.isComplete()) {
      boolean quiet = System.nanoTime() - lastAwaited > QUIET_MILLIS * 1_000_000;
      Run run = state.next(quiet);
      if (run != null) {
        return run;
      }
      wait(QUIET_MILLIS);
    }
    return null;
  }

  private boolean fetch(Run run) throws IOException {
    try {
      if (!isHere(run)) {
        long start = map.offset(run.first());
        int bytes = (int) (map.end(run.last()) - start);
        byte[] stretch = layers.get(map.layer(run.first())).read(start, bytes);
        count(bytes);
        return take(run, new ChunkFetch(map, run.first(), run.last(), stretch));
      }
      return true;
    } catch (SkepException e) {
      failed(run, e);
      return false;
    } finally {
      over(run);
    }
  }

  private synchronized void count(int bytes) {
    fetchedBytes += bytes;
  }

  /** Whether an earlier process has written all of the run, as it must be. */
  private boolean isHere(Run run) throws IOException {
    for (int chunk = run.first(); chunk <= run.last(); chunk++) {
      synchronized (this) {
        if (!doubtful.get(chunk)) {
          return false;
        }
        doubtful.clear(chunk);
      }
      ByteBuffer content = ByteBuffer.allocate(map.bytes(chunk));
      int read = 0;
      while (content.hasRemaining() && read >= 0) {
        read = channel.read(content, map.at(chunk) + content.position());
      }
      if (!Digest.of(content.array()).equals(map.digest(chunk))) {
        return false;
      }
      arrived(chunk);
    }
    return true;
  }

  /** Whether all of it is as it must be. */
  private boolean take(Run run, ChunkFetch fetch) throws IOException {
    boolean right = true;
    for (int chunk = run.first(); chunk <= run.last(); chunk++) {
      ByteBuffer content;
      try {
        content = ByteBuffer.wrap(fetch.chunk(chunk));
      } catch (SkepException e) {
        wrong(chunk, e);
        right = false;
        continue;
      }
      while (content.hasRemaining()) {
        channel.write(content, map.at(chunk) + content.position());
      }
      arrived(chunk);
    }
    return right;
  }

  private void arrived(int chunk) {
    List<Waiter> ready = new ArrayList<>();
    synchronized (this) {
      state.arrived(chunk);
      for (Waiter waiter : Objects.requireNonNullElse(waiting.remove(chunk), List.<Waiter>of())) {
        if (--waiter.missing == 0) {
          ready.add(waiter);
        }
      }
    }
    ready.forEach(waiter -> waiter.reply.data(file, waiter.offset, waiter.bytes));
  }

  /** A few tries, for it may have been altered on its way. */
  private void wrong(int chunk, SkepException why) {
    synchronized (this) {
      lastFailure = String.valueOf(why.getMessage());
      if (wrong.merge(chunk, 1, Integer::sum) < MOST_WRONG) {
        return; // over() asks again for what is still waited for
      }
      wrong.remove(chunk);
    }
    LOG.error("image {}: chunk {} cannot be had: {}", name, chunk, why.getMessage());
    refuse(chunk, chunk);
  }

  private void failed(Run run, SkepException why) {
    synchronized (this) {
      lastFailure = String.valueOf(why.getMessage());
    }
    LOG.warn("image {}: {}", name, why.getMessage());
    refuse(run.first(), run.last());
  }

  /** An input/output error for all who wait for one of these. */
  private void refuse(int first, int last) {
    List<Waiter> refused = new ArrayList<>();
    synchronized (this) {
      for (int chunk = first; chunk <= last; chunk++) {
        refused.addAll(Objects.requireNonNullElse(waiting.remove(chunk), List.<Waiter>of()));
      }
      waiting.values().forEach(waiters -> waiters.removeAll(refused));
      waiting.values().removeIf(List::isEmpty);
    }
    refused.stream().distinct().forEach(waiter -> waiter.reply.failed());
  }

  private synchronized void over(Run run) {
    state.over(run);
    for (int chunk = run.first(); chunk <= run.last(); chunk++) {
      if (waiting.containsKey(chunk) && !state.isPresent(chunk)) {
        state.demand(chunk);
      }
    }
    notifyAll();
  }

  /** Twice as long each time for what nobody waits for; how many failures that were. */
  private int pause(Run run, int failures) throws InterruptedException {
    if (run.reason() != Reason.DEMAND) {
      Thread.sleep(Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(failures, 10)));
    }
    return failures + 1;
  }

  /** The last thread says that all is here, when it is. */
  private void end() {
    synchronized (this) {
      notifyAll();
      if (--fetching > 0) {
        return;
      }
    }
    try (channel) {
      if (isComplete()) {
        channel.force(true);
        owner.complete(this);
      }
    } catch (IOException e) {
      LOG.error("image {}: {}", name, FileFailure.of(java.nio.file.Path.of(name), e).getMessage());
    }
  }

  synchronized boolean isComplete() {
    return state.isComplete();
  }

  /** Lets the file go; only when nobody reads. */
  void release() {
    file.close();
  }
}
