package dev.skep.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryNotificationInfo;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import javax.management.ListenerNotFoundException;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;

/**
 * Keeps the heap in proportion to what lives in it while much goes on: left alone, the serial
 * collector fills the whole heap that it may have with what is dead before it looks, and a limit
 * that thousands of services need would be what a hundred take. A full collection begins when old
 * objects are twice what the last one has left, as with Go's default.
 */
final class BusyHeap implements AutoCloseable {
  private static final Logger LOG = System.getLogger(BusyHeap.class.getName());
  private static final int GROWTH = 2;

  private final MemoryPoolMXBean old;
  private final long leastBytes;
  private final NotificationListener listener;

  /**
   * @param leastBytes of old objects, below which nothing is done
   */
  BusyHeap(long leastBytes) {
    this.old =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.isUsageThresholdSupported())
            .findFirst()
            .orElseThrow();
    this.leastBytes = leastBytes;
    this.listener =
        (notification, _) -> {
          if (notification.getType().equals(MemoryNotificationInfo.MEMORY_THRESHOLD_EXCEEDED)) {
            collect();
          }
        };
  }

  BusyHeap start() {
    emitter().addNotificationListener(listener, null, null);
    expect();
    return this;
  }

  private static NotificationEmitter emitter() {
    return (NotificationEmitter) ManagementFactory.getMemoryMXBean();
  }

  private void collect() {
    ManagementFactory.getMemoryMXBean().gc();
    expect();
    LOG.log(Level.DEBUG, "old objects after a collection: {0}", old.getUsage());
  }

  private void expect() {
    long most = old.getUsage().getMax();
    long next = Math.max(leastBytes, GROWTH * old.getUsage().getUsed());
    old.setUsageThreshold(most < 0 ? next : Math.min(next, most));
  }

  @Override
  public void close() {
    old.setUsageThreshold(0);
    try {
      emitter().removeNotificationListener(listener);
    } catch (ListenerNotFoundException e) {
      LOG.log(Level.DEBUG, "was not started");
    }
  }
}
