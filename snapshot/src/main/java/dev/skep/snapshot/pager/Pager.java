package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.ChunkSource;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/** Serves the memory of any number of guests. Thread-safe; each answer may block on files. */
final class Pager {
  private final ConcurrentMap<String, GuestMemory> guests = new ConcurrentHashMap<>();
  private final Semaphore turns;
  private volatile boolean stopped;
  private final FetchedPages fetched;
  private final RemoteMemories remotes;

  /**
   * Lets that many guests install their working sets at a time; the others wait their turn.
   *
   * @param sources opens where the absent memory of a snapshot's folder is
   */
  Pager(int installs, Function<Path, ChunkSource> sources) {
    remotes = new RemoteMemories(sources);
    turns = new Semaphore(installs);
    fetched = new FetchedPages(turns);
  }

  /**
   * Does what is asked; the value to answer with.
   *
   * @throws SkepException if it cannot
   */
  Object answer(PagerRequest request) throws InterruptedException {
    return switch (request) {
      case PagerRequest.Serve(PagedGuest guest) -> serve(guest);
      case PagerRequest.Status(String vm) -> guest(vm).status();
      case PagerRequest.WriteDown(String vm, Path folder) -> guest(vm).record(folder);
      case PagerRequest.Forget(String vm) -> forget(vm);
      case PagerRequest.ListAll() ->
          guests.values().stream()
              .map(GuestMemory::status)
              .sorted(Comparator.comparing(PagedStatus::vm))
              .toList();
      case PagerRequest.Stop() -> stop();
    };
  }

  private boolean stop() {
    List<String> served =
        guests.values().stream()
            .map(GuestMemory::status)
            .filter(status -> status.state() != PagedStatus.State.ENDED)
            .map(PagedStatus::vm)
            .toList();
    if (!served.isEmpty()) {
      throw new SkepException(
          Code.CONFLICT, "stop: guests are served: " + String.join(", ", served));
    }
    stopped = true;
    return true;
  }

  /** Whether it was asked to end, and may. */
  boolean stopped() {
    return stopped;
  }

  private PagedStatus serve(PagedGuest guest) {
    return guests
        .compute(
            guest.vm(),
            (vm, old) -> {
              if (old != null && old.status().state() != PagedStatus.State.ENDED) {
                throw new SkepException(Code.ALREADY_EXISTS, vm + ": is served already");
              }
              return GuestMemory.open(guest, turns, fetched, remotes);
            })
        .status();
  }

  private PagedStatus forget(String vm) throws InterruptedException {
    GuestMemory guest = guest(vm);
    guest.close();
    guests.remove(vm, guest);
    return guest.status();
  }

  private GuestMemory guest(String vm) {
    GuestMemory guest = guests.get(vm);
    if (guest == null) {
      throw new SkepException(Code.NOT_FOUND, vm + ": no such guest");
    }
    return guest;
  }
}
