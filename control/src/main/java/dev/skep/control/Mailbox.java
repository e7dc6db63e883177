package dev.skep.control;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the control thread has to do: messages from others in order, and its own timers. It is
 * bounded by what exists: an operation in flight posts one message, and news about one key waits at
 * most once.
 */
public final class Mailbox {
  private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

  private record Timer(long atNanos, long sequence, Runnable task) {}

  private final LongSupplier clock;
  private final LinkedBlockingQueue<Runnable> messages = new LinkedBlockingQueue<>();
  private final Set<Object> waiting = ConcurrentHashMap.newKeySet();

  /** Touched by the control thread alone. */
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(
          Comparator.comparingLong(Timer::atNanos).thenComparingLong(Timer::sequence));

  private long sequence;

  public Mailbox(LongSupplier clock) {
    this.clock = clock;
  }

  /** From any thread. */
  public void post(Runnable message) {
    messages.add(message);
  }

  /** From any thread; nothing happens while an earlier message of the same key waits. */
  public void postOnce(Object key, Runnable message) {
    if (waiting.add(key)) {
      messages.add(
          () -> {
            waiting.remove(key);
            message.run();
          });
    }
  }

  /** From the control thread. */
  public void after(Duration delay, Runnable task) {
    timers.add(new Timer(clock.getAsLong() + delay.toNanos(), sequence++, task));
  }

  /** Does the next thing that is due, in the control thread; false when there was none. */
  public boolean runNext() {
    Runnable next = poll();
    if (next == null) {
      return false;
    }
    run(next);
    return true;
  }

  /** As {@link #runNext}, but waits for it. */
  public void awaitNext() throws InterruptedException {
    run(take());
  }

  /** A defect in one step must not stop the others. */
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException defect) {
      LOG.error("the {} thread goes on after a defect", Thread.currentThread().getName(), defect);
    }
  }

  /** The next thing to do now, timers that are due first. */
  private @Nullable Runnable poll() {
    Timer first = timers.peek();
    if (first != null && first.atNanos() <= clock.getAsLong()) {
      return timers.remove().task();
    }
    return messages.poll();
  }

  /** As {@link #poll}, but waits for it. */
  private Runnable take() throws InterruptedException {
    while (true) {
      Runnable now = poll();
      if (now != null) {
        return now;
      }
      Runnable message = messages.poll(nanosToNextTimer(), TimeUnit.NANOSECONDS);
      if (message != null) {
        return message;
      }
    }
  }

  /** Until a timer is due; an hour when there is none. */
  public long nanosToNextTimer() {
    Timer first = timers.peek();
    long hour = TimeUnit.HOURS.toNanos(1);
    return first == null ? hour : Math.max(0, first.atNanos() - clock.getAsLong());
  }
}
