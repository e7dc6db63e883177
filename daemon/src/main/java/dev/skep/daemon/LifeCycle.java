package dev.skep.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The running parts in the order in which they were started; closed in reverse. One part that fails
 * to close does not keep the others open: its failure is logged and thrown at the end.
 */
final class LifeCycle implements AutoCloseable {
  private static final Logger LOG = System.getLogger(LifeCycle.class.getName());

  private record Part(String name, AutoCloseable closing) {}

  private final Deque<Part> parts = new ArrayDeque<>();

  /** Remembers a part that runs now. */
  synchronized <T extends AutoCloseable> T started(String name, T part) {
    LOG.log(Level.DEBUG, "{0} is there {1} ms after the process", name, uptimeMillis());
    parts.push(new Part(name, part));
    return part;
  }

  private static long uptimeMillis() {
    return ManagementFactory.getRuntimeMXBean().getUptime();
  }

  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    while (!parts.isEmpty()) {
      Part part = parts.pop();
      long began = System.nanoTime();
      try {
        part.closing().close();
        LOG.log(
            Level.DEBUG,
            "{0} closed in {1} ms",
            part.name(),
            (System.nanoTime() - began) / 1_000_000);
      } catch (Exception e) {
        LOG.log(Level.ERROR, part.name() + " failed to close", e);
        if (failure == null) {
          failure = new IllegalStateException("failed to close " + part.name(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
