package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.LazyMemory;
import dev.skep.linux.PageCache;
import dev.skep.linux.ReadOnlyFile;
import dev.skep.linux.Userfaultfd;
import dev.skep.snapshot.Prefetch;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.SnapshotFiles;
import dev.skep.snapshot.WorkingSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How long this host takes to bring a recorded set into memory from a cold page cache until every
 * page of it has been touched, half of them by writing. Measured with a made-up set that has the
 * size and the runs of a small function's.
 *
 * @param pages in the set
 * @param prefetch read ahead into the page cache, and touched in a private mapping meanwhile
 * @param reap read past the page cache and installed by userfaultfd, then touched
 */
public record Calibration(int pages, Duration prefetch, Duration reap) {
  private static final int MEMORY_PAGES = 16 << 10;
  private static final int SET_PAGES = 2000;
  private static final int MOST_PAGES_OF_A_RUN = 4; // 2.5 in the mean
  private static final int ROUNDS = 5;
  private static final int PAGE = WorkingSet.PAGE_BYTES;

  /**
   * Measures, which takes half a second and 72 MiB of disk; only for platform threads.
   *
   * @param folder an empty one, in the file system where snapshots are
   * @throws SkepException UNSUPPORTED where this process may have no userfaultfd, else whatever is
   *     wrong with the disk
   */
  static Calibration measure(Path folder) {
    if (!Userfaultfd.usable()) {
      throw new SkepException(Code.UNSUPPORTED, "this process may have no userfaultfd");
    }
    Path memory = folder.resolve(SnapshotFiles.MEMORY);
    var random = new Random(1);
    writeMemory(memory, random);
    RecordedPages recorded = RecordedPages.write(folder, set(random), memory);
    Prefetch.layOut(memory, recorded.set());
    long[] prefetch = new long[ROUNDS];
    long[] reap = new long[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) { // the first warms the code up
      long ahead = prefetch(memory, recorded.set());
      long installed = reap(memory, recorded);
      if (round >= 0) {
        prefetch[round] = ahead;
        reap[round] = installed;
      }
    }
    return new Calibration(SET_PAGES, median(prefetch), median(reap));
  }

  private static Duration median(long[] nanos) {
    return Duration.ofNanos(
        LongStream.of(nanos).sorted().skip(nanos.length / 2).findFirst().orElseThrow());
  }

  private static void writeMemory(Path memory, Random random) {
    byte[] content = new byte[1 << 20];
    random.nextBytes(content);
    var buffer = ByteBuffer.wrap(content);
    try (var out =
        FileChannel.open(memory, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (out.size() < (long) MEMORY_PAGES * PAGE) {
        out.write(buffer.rewind());
      }
    } catch (IOException e) {
      throw new SkepException(Code.EXHAUSTED, memory + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /** Short runs, scattered over the memory. */
  private static WorkingSet set(Random random) {
    int[] slots = IntStream.range(0, MEMORY_PAGES / MOST_PAGES_OF_A_RUN).toArray();
    var pages = IntStream.builder();
    int wanted = SET_PAGES;
    for (int i = 0; wanted > 0; i++) {
      int other = i + random.nextInt(slots.length - i);
      int slot = slots[other];
      slots[other] = slots[i];
      int run = Math.min(wanted, 1 + random.nextInt(MOST_PAGES_OF_A_RUN));
      IntStream.range(0, run).forEach(page -> pages.add(slot * MOST_PAGES_OF_A_RUN + page));
      wanted -= run;
    }
    return WorkingSet.of((long) MEMORY_PAGES * PAGE, PAGE, pages.build().toArray());
  }

  private static long prefetch(Path memory, WorkingSet set) {
    PageCache.evict(memory);
    try (Arena arena = Arena.ofConfined();
        var file = FileChannel.open(memory, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment guest = file.map(MapMode.PRIVATE, 0, file.size(), arena);
      long began = System.nanoTime();
      var ahead = Prefetch.start(memory, set);
      touch(guest, set);
      ahead.join();
      return System.nanoTime() - began;
    } catch (IOException e) {
      throw new SkepException(Code.INTERNAL, memory + ": " + e, e);
    }
  }

  private static long reap(Path memory, RecordedPages recorded) {
    PageCache.evict(recorded.file());
    WorkingSet set = recorded.set();
    try (var guest = LazyMemory.map(set.memoryBytes(), PAGE);
        var file = ReadOnlyFile.open(memory);
        Arena arena = Arena.ofConfined()) {
      var server =
          new FaultServer(
              Userfaultfd.received(guest.faults()),
              GuestRegions.single(guest.address(), guest.bytes()),
              file,
              null,
              new TouchedPages(false),
              new GuestFigures(),
              arena);
      long began = System.nanoTime();
      try (var lease = new FetchedPages(new Semaphore(1)).lease(recorded)) {
        if (server.install(set, lease.pages()) != set.bytes()) {
          throw new SkepException(
              Code.INTERNAL, "a page was not installed"); // touching it would hang
        }
      }
      touch(guest.filled(), set);
      return System.nanoTime() - began;
    }
  }

  private static void touch(MemorySegment guest, WorkingSet set) {
    for (int i = 0; i < set.size(); i++) {
      long at = (long) set.page(i) * PAGE;
      byte content = guest.get(ValueLayout.JAVA_BYTE, at);
      if (i % 2 == 0) {
        guest.set(ValueLayout.JAVA_BYTE, at, (byte) (content + 1));
      }
    }
  }
}
