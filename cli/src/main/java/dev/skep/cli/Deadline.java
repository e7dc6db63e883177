package dev.skep.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection when its time is up, because a blocking channel has no timeout of its own.
 */
final class Deadline implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);

  private Deadline() {}

  static Deadline closing(HttpConnection connection, Duration after) {
    var deadline = new Deadline();
    Thread.ofPlatform()
        .daemon()
        .name("deadline")
        .start(
            () -> {
              try {
                if (!deadline.done.await(after.toMillis(), TimeUnit.MILLISECONDS)) {
                  connection.close();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    return deadline;
  }

  @Override
  public void close() {
    done.countDown();
  }
}
