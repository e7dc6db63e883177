package dev.skep.sandbox;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs a command whose input is known to its end, and keeps what it writes. */
public final class ExecToEnd {
  private static final int KEPT_BYTES = 1 << 20;

  /** For what processes that the command has left behind still write. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private ExecToEnd() {}

  /**
   * Closes the command, whatever happens.
   *
   * @param what such as {@code exec of ls in sandbox x}, for messages
   * @throws SkepException TIMEOUT if it was killed because it ran for longer
   */
  public static ExecResult run(ExecProcess command, String what, byte[] stdin, Duration timeout) {
    try (command) {
      CompletableFuture<byte[]> stdout = keep(what, command.stdout());
      CompletableFuture<byte[]> stderr = keep(what, command.stderr());
      Thread.ofVirtual().name(what + ": stdin").start(() -> feed(command, stdin));
      int code = command.onExit().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      awaitAll(stdout, stderr);
      command.close();
      return new ExecResult(code, stdout.join(), stderr.join());
    } catch (TimeoutException e) {
      throw new SkepException(
          Code.TIMEOUT,
          "%s: still running after %d ms, killed".formatted(what, timeout.toMillis()));
    } catch (ExecutionException e) {
      throw e.getCause() instanceof SkepException failure
          ? failure
          : new SkepException(Code.INTERNAL, what + ": " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SkepException(Code.UNAVAILABLE, what + ": interrupted", e);
    }
  }

  private static void awaitAll(CompletableFuture<?>... streams) throws InterruptedException {
    try {
      CompletableFuture.allOf(streams).get(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // somebody whom the command has left behind goes on to write
    }
  }

  private static void feed(ExecProcess command, byte[] input) {
    try (var stdin = command.stdin()) {
      stdin.write(input);
    } catch (IOException e) {
      // it need not read what it gets: its exit code tells
    }
  }

  private static CompletableFuture<byte[]> keep(String what, InputStream stream) {
    var all = new CompletableFuture<byte[]>();
    Thread.ofVirtual()
        .name(what)
        .start(
            () -> {
              var kept = new ByteArrayOutputStream();
              byte[] chunk = new byte[16 << 10];
              try {
                for (int got = stream.read(chunk); got >= 0; got = stream.read(chunk)) {
                  kept.write(chunk, 0, Math.min(got, KEPT_BYTES - kept.size()));
                }
              } catch (IOException e) {
                // closed: what was written until then is what there is
              } finally {
                all.complete(kept.toByteArray());
              }
            });
    return all;
  }
}
