package dev.skep.gvisor;

import dev.skep.oci.StreamPump;
import dev.skep.sandbox.ByteQueue;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.TerminalSize;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One command in a gVisor sandbox: a {@code runsc exec} that waits for it, and its pipes. */
final class RunscExec implements ExecProcess {
  private static final int QUEUE_BYTES = 64 << 10;
  private static final int DYING_SECONDS = 1;

  private final Process runsc;
  private final ByteQueue stdin = new ByteQueue(QUEUE_BYTES);
  private final ByteQueue stdout = new ByteQueue(QUEUE_BYTES);
  private final ByteQueue stderr = new ByteQueue(QUEUE_BYTES);
  private final CompletableFuture<Integer> exit = new CompletableFuture<>();

  /**
   * @param name of its threads
   * @param atEnd called once
   */
  RunscExec(Process runsc, String name, Runnable atEnd) {
    this.runsc = runsc;
    var output =
        List.of(
            StreamPump.from(name, runsc.getInputStream(), stdout),
            StreamPump.from(name, runsc.getErrorStream(), stderr));
    var _ = StreamPump.into(name, stdin, runsc.getOutputStream(), () -> {});
    Thread.ofVirtual().name(name + "-ended").start(() -> ended(output, atEnd));
  }

  private void ended(List<StreamPump> output, Runnable atEnd) {
    try {
      exit.complete(runsc.waitFor());
      stdin.close();
      atEnd.run();
      StreamPump.awaitLastWords(output);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stdout.end();
      stderr.end();
    }
  }

  @Override
  public OutputStream stdin() {
    return stdin.writer();
  }

  @Override
  public InputStream stdout() {
    return stdout.reader();
  }

  @Override
  public InputStream stderr() {
    return stderr.reader();
  }

  @Override
  public void resize(TerminalSize size) {}

  @Override
  public CompletableFuture<Integer> onExit() {
    return exit;
  }

  @Override
  public void close() {
    stdin.close();
    stdout.close();
    stderr.close();
    if (!exit.isDone()) {
      runsc.destroy(); // it passes the signal on
      CompletableFuture.delayedExecutor(DYING_SECONDS, TimeUnit.SECONDS)
          .execute(runsc::destroyForcibly);
    }
  }
}
