package dev.skep.linux;

import java.lang.foreign.Arena;

/** Ends another thread's {@link Poll}. Any thread may signal; it stays so until it is cleared. */
public final class EventFd implements AutoCloseable {
  private final Descriptor descriptor;
  private boolean closed;

  private EventFd(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  public static EventFd open() {
    return new EventFd(new Descriptor(Errno.orThrow("eventfd", Libc.eventfd())));
  }

  public synchronized void signal() {
    if (!closed) { // the number may be another's by now
      Errno.orThrow("eventfd_write", Libc.eventfdWrite(descriptor.number()));
    }
  }

  /** Takes all signals until now back; only when there was one, for it waits for one otherwise. */
  public void clear() {
    try (Arena arena = Arena.ofConfined()) {
      long read = SystemCalls.read(descriptor.number(), arena.allocate(Long.BYTES), Long.BYTES);
      Errno.orThrow("read of an eventfd", (int) read);
    }
  }

  /** To wait for; stays owned by this. */
  public Descriptor descriptor() {
    return descriptor;
  }

  @Override
  public synchronized void close() {
    closed = true;
    descriptor.close();
  }
}
