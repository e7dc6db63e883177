package dev.skep.oci;

import dev.skep.sandbox.ByteQueue;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A thread that carries bytes between a pipe and a queue. One of its own, for a blocked read of a
 * pipe holds a virtual thread's carrier, and a host may have just one.
 */
public final class StreamPump {
  private static final int CHUNK = 16 << 10;
  private static final Duration STILL = Duration.ofMillis(100);

  private final ByteQueue queue;
  private final Thread thread;
  private final AtomicLong carried = new AtomicLong();

  private StreamPump(String name, ByteQueue queue, Body body) {
    this.queue = queue;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(() -> run(body));
  }

  private interface Body {
    void run(StreamPump pump) throws IOException;
  }

  /** Reads the pipe to its end, which becomes the queue's. */
  public static StreamPump from(String name, InputStream pipe, ByteQueue queue) {
    var pump =
        new StreamPump(
            name,
            queue,
            self -> {
              try (pipe;
                  OutputStream to = queue.writer()) {
                self.carry(pipe, to);
              }
            });
    pump.thread.start();
    return pump;
  }

  /**
   * Empties the queue into the pipe, and closes that at its end.
   *
   * @param atEnd then
   */
  public static StreamPump into(String name, ByteQueue queue, OutputStream pipe, Runnable atEnd) {
    var pump =
        new StreamPump(
            name,
            queue,
            self -> {
              try (InputStream from = queue.reader();
                  pipe) {
                self.carry(from, pipe);
              } finally {
                atEnd.run();
              }
            });
    pump.thread.start();
    return pump;
  }

  private void run(Body body) {
    try {
      body.run(this);
    } catch (IOException e) {
      queue.end(); // the other end is closed: that is how such streams end
    }
  }

  private void carry(InputStream from, OutputStream to) throws IOException {
    byte[] chunk = new byte[CHUNK];
    for (int got = from.read(chunk); got >= 0; got = from.read(chunk)) {
      to.write(chunk, 0, got);
      to.flush();
      carried.addAndGet(got);
    }
  }

  /**
   * Waits until all are at the end, or stand still although somebody reads: then processes that an
   * ended command has left behind hold its pipes open, and write nothing.
   */
  public static void awaitLastWords(List<StreamPump> pumps) throws InterruptedException {
    boolean moves = true;
    while (moves) {
      long before = total(pumps);
      for (StreamPump pump : pumps) {
        TimeUnit.NANOSECONDS.timedJoin(pump.thread, STILL.toNanos());
      }
      boolean runs = pumps.stream().anyMatch(pump -> pump.thread.isAlive());
      boolean waits = pumps.stream().anyMatch(pump -> pump.queue.isHeldBack());
      moves = runs && (waits || total(pumps) != before);
    }
  }

  private static long total(List<StreamPump> pumps) {
    return pumps.stream().mapToLong(pump -> pump.carried.get()).sum();
  }
}
