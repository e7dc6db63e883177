package dev.skep.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Gives memory back when nothing goes on: the serial collector keeps what a burst once needed until
 * the next full collection, which an idle daemon never has. One runs, once, after a quiet period
 * that follows a busy one; it stops the JVM for some tens of milliseconds.
 */
final class IdleHeap implements AutoCloseable {
  private static final Logger LOG = System.getLogger(IdleHeap.class.getName());

  /** Less is not worth a pause. */
  private static final long SMALL_BYTES = 40L << 20;

  private final LongSupplier activity;
  private final Duration period;
  private final Thread thread;

  /**
   * @param activity a count that rises while something goes on
   */
  IdleHeap(LongSupplier activity, Duration period) {
    this.activity = activity;
    this.period = period;
    this.thread = Thread.ofPlatform().daemon().name("idle-heap").unstarted(this::watch);
  }

  IdleHeap start() {
    thread.start();
    return this;
  }

  private void watch() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    long seen = activity.getAsLong();
    boolean busy = true;
    try {
      while (true) {
        Thread.sleep(period);
        long now = activity.getAsLong();
        if (now != seen) {
          busy = true;
        } else if (busy && memory.getHeapMemoryUsage().getCommitted() > SMALL_BYTES) {
          memory.gc();
          busy = false;
          LOG.log(Level.DEBUG, "heap after rest: {0}", memory.getHeapMemoryUsage());
        }
        seen = now;
      }
    } catch (InterruptedException closing) {
      LOG.log(Level.DEBUG, "ends");
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
