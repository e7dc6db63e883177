package dev.skep.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Tells at once when a process ends that need not be a child: one thread waits for any number of
 * processes. Futures complete on that thread: whoever does more than a hand-over moves on to their
 * own.
 */
public final class ProcessWatch implements AutoCloseable {
  // struct epoll_event is packed on x86_64 only
  private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");
  private static final int EVENT_BYTES = PACKED ? 12 : 16;
  private static final int DATA_OFFSET = PACKED ? 4 : 8;
  private static final int MAX_EVENTS = 32;

  private final int epoll;
  private final int wakeUp;
  private final Map<Integer, CompletableFuture<Void>> watched = new HashMap<>();
  private boolean closed;

  private ProcessWatch(int epoll, int wakeUp) {
    this.epoll = epoll;
    this.wakeUp = wakeUp;
  }

  /** Starts the thread. */
  public static ProcessWatch open() {
    var watch =
        new ProcessWatch(
            Errno.orThrow("epoll_create1", Libc.epollCreate()),
            Errno.orThrow("eventfd", Libc.eventfd()));
    watch.register(watch.wakeUp);
    Thread.ofPlatform().name("process-watch").daemon().start(watch::run);
    return watch;
  }

  /** Completes when the process has ended; at once if there is no such process. */
  public CompletableFuture<Void> onExit(long pid) {
    int pidfd = Libc.pidfdOpen(pid);
    if (pidfd == -Libc.ESRCH) {
      return CompletableFuture.completedFuture(null);
    }
    Errno.orThrow("pidfd_open", pidfd);
    var exit = new CompletableFuture<Void>();
    synchronized (this) {
      if (closed) {
        Libc.close(pidfd);
        throw new IllegalStateException("process watch: closed");
      }
      watched.put(pidfd, exit);
      register(pidfd);
    }
    return exit;
  }

  /** Ends the thread; futures of processes that still run never complete. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Libc.eventfdWrite(wakeUp);
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocate((long) EVENT_BYTES * MAX_EVENTS, 8);
      while (true) {
        int count = Libc.epollWait(epoll, events, MAX_EVENTS);
        if (count == -Libc.EINTR) {
          continue;
        }
        Errno.orThrow("epoll_wait", count);
        for (int i = 0; i < count; i++) {
          int fd = (int) events.get(JAVA_LONG_UNALIGNED, (long) EVENT_BYTES * i + DATA_OFFSET);
          if (fd == wakeUp) {
            release();
            return;
          }
          ended(fd);
        }
      }
    }
  }

  private void ended(int pidfd) {
    CompletableFuture<Void> exit;
    synchronized (this) {
      exit = watched.remove(pidfd);
      Libc.close(pidfd); // leaves the epoll set too
    }
    if (exit != null) {
      exit.complete(null);
    }
  }

  private synchronized void release() {
    watched.keySet().forEach(Libc::close);
    watched.clear();
    Libc.close(wakeUp);
    Libc.close(epoll);
  }

  private void register(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(EVENT_BYTES, 8);
      event.set(JAVA_INT, 0, Libc.EPOLLIN);
      event.set(JAVA_LONG_UNALIGNED, DATA_OFFSET, fd);
      Errno.orThrow("epoll_ctl", Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, fd, event));
    }
  }
}
