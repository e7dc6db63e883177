package dev.skep.linux;

/** Ends another thread's {@link Poll}. Any thread may signal; once signalled, it stays so. */
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
