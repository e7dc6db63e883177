package dev.skep.snapshot.pager;

import static dev.skep.linux.Userfaultfd.CHANGING;
import static dev.skep.linux.Userfaultfd.GONE;
import static dev.skep.linux.Userfaultfd.PRESENT;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.ReadOnlyFile;
import dev.skep.linux.Userfaultfd;
import dev.skep.snapshot.WorkingSet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Fills the pages of one guest: what it waits for, and its working set before it does. What the
 * guest has given back to the host (its balloon) is zeros from then on, whatever the file says.
 * Belongs to the guest's thread; a fault allocates nothing.
 */
final class FaultServer {
  /**
   * A guest that waits for a page outside of its working set waits for no longer copy than this.
   */
  private static final int SLICE_BYTES = 256 << 10;

  /** How long a guest waits for memory that is elsewhere: an outage of that length is survived. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** About 5 s: the kernel waits for a thread of the VMM, which has no reason not to run. */
  private static final int MOST_CHANGES = 100_000;

  private final Userfaultfd faults;
  private final GuestRegions regions;
  private final ReadOnlyFile memory;
  private final TouchedPages touched;
  private final GuestFigures figures;
  private final int pageBytes;
  private final MemorySegment page;
  private final MemorySegment zeros;
  private final BitSet removed;
  private final @Nullable RemoteMemory remote;
  private final PageQueue waiting = new PageQueue();
  private final PageQueue absent = new PageQueue();
  private long absentSince;

  /**
   * Serves from the file, through buffers of the arena.
   *
   * @param remote what of the file is still on its way; null if it is all there
   * @param touched gets each page when it is first filled because the guest waited for it
   */
  FaultServer(
      Userfaultfd faults,
      GuestRegions regions,
      ReadOnlyFile memory,
      @Nullable RemoteMemory remote,
      TouchedPages touched,
      GuestFigures figures,
      Arena arena) {
    this.faults = faults;
    this.regions = regions;
    this.memory = memory;
    this.remote = remote;
    this.touched = touched;
    this.figures = figures;
    this.pageBytes = regions.pageBytes();
    this.page = arena.allocate(pageBytes, WorkingSet.PAGE_BYTES);
    this.zeros = arena.allocate(pageBytes, WorkingSet.PAGE_BYTES);
    this.removed = new BitSet((int) (memory.size() / pageBytes));
  }

  /** Serves all that the guest waits for now. */
  void serve() {
    drain();
    while (!waiting.isEmpty()) {
      long began = System.nanoTime();
      int wanted = waiting.remove();
      if (!here(wanted)) {
        await(wanted);
      } else if (fill(wanted)) {
        figures.fault(System.nanoTime() - began);
      }
    }
  }

  /** Whether the page can be filled now; if not, what it needs is being fetched. */
  private boolean here(int wanted) {
    return remote == null || removed.get(wanted) || remote.present((long) wanted * pageBytes);
  }

  private void await(int wanted) {
    if (absent.isEmpty()) {
      absentSince = System.nanoTime();
    }
    absent.add(wanted);
  }

  /**
   * Looks again at the pages that were not here.
   *
   * @throws SkepException UNAVAILABLE if none of them has come for 30 s, with the reason: the guest
   *     is better ended than left to hang
   */
  void lookAgain() {
    if (remote == null || absent.isEmpty()) {
      return;
    }
    boolean progress = false;
    for (int left = absent.size(); left > 0; left--) {
      int wanted = absent.remove();
      boolean arrived = here(wanted);
      (arrived ? waiting : absent).add(wanted);
      progress |= arrived;
    }
    if (progress) {
      absentSince = System.nanoTime();
    } else if (System.nanoTime() - absentSince > PATIENCE.toNanos()) {
      throw new SkepException(
          Code.UNAVAILABLE,
          "memory that the guest waits for was not fetched within %d s: %s"
              .formatted(PATIENCE.toSeconds(), remote.lastFailure()));
    }
  }

  /**
   * Puts a working set in place, in its order and in as few copies as that allows, and serves in
   * between; the bytes that it could place. Who waits for one of its pages is woken at the end, or
   * sooner if their fault has been read.
   *
   * @param content the pages' content back to back, in the set's order
   */
  long install(WorkingSet set, MemorySegment content) {
    int slicePages = Math.max(1, SLICE_BYTES / pageBytes);
    long installed = 0;
    int unserved = 0;
    int changes = 0;
    for (int at = 0; at < set.size(); ) {
      int run = run(set, at, slicePages);
      long answer =
          run == 0
              ? PRESENT // given back, or nowhere in this VMM
              : faults.copy(
                  regions.address(set.page(at)),
                  content.address() + (long) at * pageBytes,
                  (long) run * pageBytes,
                  false);
      if (answer == GONE) {
        return installed;
      }
      if (answer == CHANGING) {
        awaitChange(++changes);
        continue;
      }
      int done = answer > 0 ? (int) (answer / pageBytes) : 1; // else it is there, or unmapped
      installed += Math.max(0, answer);
      at += done;
      unserved += done;
      changes = 0;
      if (unserved >= slicePages) {
        unserved = 0;
        serve();
      }
    }
    regions.all().forEach(region -> faults.wake(region.address(), region.size()));
    return installed;
  }

  /** How many pages, from number {@code at} of the set, one copy can place. */
  private int run(WorkingSet set, int at, int most) {
    int length = 0;
    long address = regions.address(set.page(at));
    if (address == GuestRegions.UNKNOWN) {
      return 0;
    }
    while (length < most
        && at + length < set.size()
        && regions.address(set.page(at + length)) == address + (long) length * pageBytes
        && !removed.get(set.page(at + length))) {
      length++;
    }
    return length;
  }

  /** Reads all events: a page that was given back must be known as such before it is filled. */
  private void drain() {
    int count;
    do {
      count = faults.read();
      for (int i = 0; i < count; i++) {
        switch (faults.event(i)) {
          case FAULT -> waiting.add(known(faults.address(i)));
          case REMOVED -> remove(faults.start(i), faults.end(i));
          case OTHER -> {} // nobody waits for an answer
        }
      }
    } while (count == Userfaultfd.MOST_EVENTS);
  }

  private void remove(long start, long end) {
    for (long at = start; at < end; at += pageBytes) {
      removed.set(known(at));
    }
  }

  private int known(long address) {
    int found = regions.page(address);
    if (found == GuestRegions.UNKNOWN) {
      throw new SkepException(
          Code.INTERNAL,
          "address %#x is in none of the VMM's memory regions: %s"
              .formatted(address, regions.all()));
    }
    return found;
  }

  /** Whether it was ours to fill. */
  private boolean fill(int wanted) {
    long address = regions.address(wanted);
    boolean empty = removed.get(wanted) || !load(wanted);
    for (int changes = 1; ; changes++) {
      long answer = empty ? zero(address) : faults.copy(address, page.address(), pageBytes, true);
      if (answer > 0) {
        if (!removed.get(wanted)) {
          touched.add(wanted);
        }
        return true;
      }
      if (answer == PRESENT) {
        faults.wake(address, pageBytes);
        return false;
      }
      if (answer != CHANGING) {
        return false; // gone, the page or all of it: nobody waits
      }
      awaitChange(changes);
      empty |= removed.get(wanted);
    }
  }

  /** Takes note of what the guest gives back, and lets who does so go on. */
  private void awaitChange(int changes) {
    if (changes > MOST_CHANGES) {
      throw new SkepException(
          Code.UNAVAILABLE, "the VMM keeps changing its memory: nothing can be filled");
    }
    drain();
    LockSupport.parkNanos(1_000);
  }

  /** Whether there is anything in the file's page, which is read. */
  private boolean load(int wanted) {
    memory.readFully(page, (long) wanted * pageBytes);
    return page.mismatch(zeros) >= 0;
  }

  private long zero(long address) {
    return pageBytes == WorkingSet.PAGE_BYTES
        ? faults.zero(address, pageBytes)
        : faults.copy(address, zeros.address(), pageBytes, true); // huge pages know no zeroing
  }
}
