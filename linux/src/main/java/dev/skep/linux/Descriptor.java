package dev.skep.linux;

import java.util.concurrent.atomic.AtomicBoolean;

/** A file descriptor and the duty to close it, which is passed on with it. */
public final class Descriptor implements AutoCloseable {
  private final int number;
  private final AtomicBoolean closed = new AtomicBoolean();

  Descriptor(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /** Closes it the first time; later calls do nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Libc.close(number);
    }
  }
}
