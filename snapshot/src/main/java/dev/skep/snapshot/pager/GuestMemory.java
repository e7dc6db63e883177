package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.linux.Descriptor;
import dev.skep.linux.EventFd;
import dev.skep.linux.Poll;
import dev.skep.linux.ReadOnlyFile;
import dev.skep.linux.UnixListener;
import dev.skep.snapshot.RecordedPages;
import dev.skep.snapshot.WorkingSet;
import dev.skep.snapshot.pager.FetchedPages.Lease;
import dev.skep.snapshot.pager.PagedStatus.State;
import dev.skep.snapshot.pager.Vmm.Handoff;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of one guest, from before its VMM connects until that is gone. One thread fetches the
 * working set, takes the handoff, installs, and serves what is left; all that it holds goes with
 * it.
 */
final class GuestMemory {
  private static final Logger LOG = LoggerFactory.getLogger(GuestMemory.class);
  private static final int STACK_BYTES = 512 << 10;
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(60);
  private static final Duration END_LIMIT = Duration.ofSeconds(10);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
  private static final int TURN_MILLIS = 1;

  private final PagedGuest guest;
  private final Optional<RecordedPages> recorded;
  private final ReadOnlyFile memory;
  private final Optional<RemoteMemories.Lease> remote;
  private final UnixListener listener;
  private final Semaphore turns;
  private final FetchedPages fetched;
  private final EventFd stop = EventFd.open();
  private final TouchedPages touched;
  private final GuestFigures figures = new GuestFigures();
  private final Thread thread;
  private volatile State state = State.WAITING;
  private volatile long pid;
  private volatile int pageBytes = WorkingSet.PAGE_BYTES; // until its VMM says otherwise
  private volatile @Nullable String error;

  private GuestMemory(
      PagedGuest guest,
      Optional<RecordedPages> recorded,
      ReadOnlyFile memory,
      Optional<RemoteMemories.Lease> remote,
      UnixListener listener,
      Semaphore turns,
      FetchedPages fetched) {
    this.guest = guest;
    this.recorded = recorded;
    this.memory = memory;
    this.remote = remote;
    this.listener = listener;
    this.turns = turns;
    this.fetched = fetched;
    this.touched = new TouchedPages(guest.record());
    this.thread =
        Thread.ofPlatform()
            .name("guest-" + guest.vm())
            .stackSize(STACK_BYTES)
            .daemon()
            .unstarted(this::run);
  }

  /**
   * Checks the files, and listens from its return on.
   *
   * @param turns bounds how many guests install at a time
   * @throws SkepException if the files are not what was promised; nothing is held then
   */
  static GuestMemory open(
      PagedGuest guest, Semaphore turns, FetchedPages fetched, RemoteMemories remotes) {
    Optional<RecordedPages> recorded = recorded(guest);
    ReadOnlyFile memory = ReadOnlyFile.open(guest.memory());
    Optional<RemoteMemories.Lease> remote = Optional.empty();
    try {
      if (memory.size() != guest.memoryBytes()) {
        throw new SkepException(
            Code.INVALID,
            guest.memory()
                + ": "
                + memory.size()
                + " bytes, expected "
                + guest.memoryBytes()
                + " (truncated?)");
      }
      remote = remotes.lease(guest.memory());
      var listener = UnixListener.bind(guest.socket(), guest.owner());
      var opened = new GuestMemory(guest, recorded, memory, remote, listener, turns, fetched);
      opened.thread.start();
      return opened;
    } catch (SkepException e) {
      memory.close();
      remote.ifPresent(RemoteMemories.Lease::close);
      throw e;
    }
  }

  private static Optional<RecordedPages> recorded(PagedGuest guest) {
    if (guest.workingSet().isPresent() != guest.pages().isPresent()) {
      throw new SkepException(Code.INVALID, guest.vm() + ": a working set needs its pages' file");
    }
    if (guest.workingSet().isPresent() && guest.record()) {
      throw new SkepException(
          Code.INVALID, guest.vm() + ": what it touches shows only without a working set");
    }
    Optional<RecordedPages> recorded =
        guest.workingSet().map(set -> RecordedPages.read(set, guest.pages().orElseThrow()));
    recorded.ifPresent(
        pages -> {
          if (pages.set().memoryBytes() != guest.memoryBytes()) {
            throw new SkepException(
                Code.INVALID,
                guest.workingSet().orElseThrow()
                    + ": of a memory of "
                    + pages.set().memoryBytes()
                    + " bytes, expected "
                    + guest.memoryBytes());
          }
        });
    return recorded;
  }

  PagedStatus status() {
    return new PagedStatus(
        guest.vm(),
        state,
        pid,
        recorded.map(pages -> pages.set().size()).orElse(0),
        figures.installedBytes(),
        figures.fetchMicros(),
        figures.installMicros(),
        figures.faults(),
        figures.meanFaultNanos(),
        remote.map(lease -> lease.memory().absentBytes()).orElse(0L),
        Optional.ofNullable(error));
  }

  /**
   * Writes what was touched until now into the folder, and stops noting it; the number of pages.
   *
   * @throws SkepException if nothing is noted
   */
  int record(Path folder) {
    if (!touched.noting()) {
      throw new SkepException(Code.CONFLICT, guest.vm() + ": what it touches is not noted");
    }
    int[] pages = touched.all();
    var set = WorkingSet.of(guest.memoryBytes(), pageBytes, pages);
    RecordedPages.write(folder, set, guest.memory());
    touched.stop();
    return pages.length;
  }

  /** Ends it, with its VMM if that still runs; returns when all is freed. */
  void close() throws InterruptedException {
    stop.signal();
    if (!thread.join(END_LIMIT)) {
      throw new SkepException(
          Code.TIMEOUT, guest.vm() + ": does not end within " + END_LIMIT.toSeconds() + " s");
    }
  }

  private void run() {
    try (stop;
        memory;
        listener) {
      attend();
    } catch (SkepException e) {
      error = e.getMessage();
      LOG.warn("{}: ended: {}", guest.vm(), error);
    } catch (Throwable e) { // an Error, too, must be told
      error = e.toString();
      LOG.error("{}: ended", guest.vm(), e);
    } finally {
      remote.ifPresent(RemoteMemories.Lease::close);
      state = State.ENDED;
    }
  }

  private void attend() throws InterruptedException {
    Optional<Lease> lease = fetch();
    try (Vmm vmm = connected()) {
      if (vmm != null) {
        takeOver(vmm, lease);
      }
    } finally {
      lease.ifPresent(Lease::close);
    }
  }

  private void takeOver(Vmm vmm, Optional<Lease> lease) throws InterruptedException {
    pid = vmm.pid();
    try {
      Optional<Handoff> handoff = vmm.receiveHandoff();
      if (handoff.isPresent()) {
        serve(vmm, handoff.get(), lease);
      }
    } catch (SkepException e) {
      error = e.getMessage(); // before the VMM is killed: who sees its end asks why
      throw e;
    }
  }

  /** While the VMM starts; without its working set a guest is slower, but right. */
  private Optional<Lease> fetch() {
    long began = System.nanoTime();
    try {
      Optional<Lease> lease = recorded.map(fetched::lease);
      figures.fetched(System.nanoTime() - began);
      return lease;
    } catch (SkepException e) {
      withoutWorkingSet(e.getMessage());
      return Optional.empty();
    }
  }

  private void withoutWorkingSet(@Nullable String why) {
    error = "working set not installed: " + why;
    LOG.warn("{}: {}", guest.vm(), error);
  }

  /** The VMM, once it has connected; null if we are to stop. */
  private @Nullable Vmm connected() {
    try (listener) { // the path can be another's as soon as one has connected
      var poll = new Poll(listener.descriptor(), stop.descriptor());
      if (!poll.await(CONNECT_LIMIT)) {
        throw new SkepException(
            Code.TIMEOUT, "no VMM has connected within " + CONNECT_LIMIT.toSeconds() + " s");
      }
      return poll.ready(1)
          ? null
          : listener.accept().map(connection -> Vmm.of(connection, stop)).orElse(null);
    }
  }

  private void serve(Vmm vmm, Handoff handoff, Optional<Lease> lease) throws InterruptedException {
    var regions = GuestRegions.of(handoff.regions(), guest.memoryBytes());
    pageBytes = regions.pageBytes();
    var descriptors =
        new ArrayList<>(
            List.of(handoff.faults().descriptor(), vmm.descriptor(), stop.descriptor()));
    remote.ifPresent(arriving -> descriptors.add(arriving.arrivals().descriptor()));
    var poll = new Poll(descriptors.toArray(Descriptor[]::new));
    try (Arena buffers = Arena.ofConfined()) {
      var server =
          new FaultServer(
              handoff.faults(),
              regions,
              memory,
              remote.map(RemoteMemories.Lease::memory).orElse(null),
              touched,
              figures,
              buffers);
      if (lease.isPresent()) {
        install(vmm, poll, server, lease.get());
      }
      state = State.SERVING;
      while (true) {
        await(poll, server);
        if (over(vmm, poll)) {
          return;
        }
        server.serve();
      }
    }
  }

  /**
   * Until there is something to do; now and then, where memory may have been waited for too long.
   */
  private void await(Poll poll, FaultServer server) {
    if (remote.isEmpty()) {
      poll.await();
      return;
    }
    poll.await(LOOK_AGAIN);
    if (poll.ready(3)) {
      remote.get().arrivals().clear();
    }
    server.lookAgain();
  }

  private void install(Vmm vmm, Poll poll, FaultServer server, Lease lease)
      throws InterruptedException {
    try (lease) {
      if (lease.set().pageBytes() != pageBytes) {
        withoutWorkingSet(
            "pages of " + lease.set().pageBytes() + " bytes, the VMM's have " + pageBytes);
        return;
      }
      state = State.INSTALLING;
      long began = System.nanoTime();
      if (awaitTurn(vmm, poll, server)) {
        try {
          long bytes = server.install(lease.set(), lease.pages());
          figures.installed(bytes, System.nanoTime() - began);
        } finally {
          turns.release();
        }
      }
    }
  }

  /** Serves meanwhile; whether the turn came before the end. */
  private boolean awaitTurn(Vmm vmm, Poll poll, FaultServer server) throws InterruptedException {
    while (!turns.tryAcquire(TURN_MILLIS, TimeUnit.MILLISECONDS)) {
      if (poll.await(Duration.ZERO) && over(vmm, poll)) {
        return false;
      }
      server.serve();
    }
    return true;
  }

  private static boolean over(Vmm vmm, Poll poll) {
    return poll.ready(2) || (poll.ready(1) && vmm.gone());
  }
}
