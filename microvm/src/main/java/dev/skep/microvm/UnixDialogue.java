package dev.skep.microvm;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * What is said on one connection to a unix socket, bounded in time: whoever does not answer is hung
 * up on.
 */
final class UnixDialogue {
  /** What is said, and what comes out of it. */
  interface Talk<T> {
    T over(SocketChannel channel) throws IOException;
  }

  private UnixDialogue() {}

  /**
   * Connects, talks and hangs up.
   *
   * @param who names the other end in errors
   * @param starting whether to go on waiting for it to listen, if it does not
   * @throws SkepException of the talk; TIMEOUT; UNAVAILABLE where the other end is gone
   */
  static <T> T hold(
      String who, Path socket, Duration timeout, BooleanSupplier starting, Talk<T> talk) {
    var answer = new CompletableFuture<T>();
    Thread talker =
        Thread.ofVirtual().name("dialogue").start(() -> run(socket, starting, talk, answer));
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT, who + " " + socket + ": no answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof SkepException refused
          ? refused
          : new SkepException(Code.UNAVAILABLE, who + " " + socket + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, "interrupted while waiting for " + who, e);
    } finally {
      talker.interrupt(); // closes its connection, if it still has one
    }
  }

  private static <T> void run(
      Path socket, BooleanSupplier starting, Talk<T> talk, CompletableFuture<T> answer) {
    try (SocketChannel channel = connect(socket, starting)) {
      answer.complete(talk.over(channel));
    } catch (IOException | RuntimeException e) {
      answer.completeExceptionally(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A channel that could not connect is closed, so each attempt has its own. */
  private static SocketChannel connect(Path socket, BooleanSupplier starting)
      throws IOException, InterruptedException {
    while (true) {
      try {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
      } catch (IOException e) {
        if (!starting.getAsBoolean()) {
          throw e;
        }
        Thread.sleep(1);
      }
    }
  }
}
