package dev.skep.gvisor;

import dev.skep.oci.StreamPump;
import dev.skep.sandbox.QueuedExec;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One command in a gVisor sandbox: a {@code runsc exec} that waits for it, and its pipes. */
final class RunscExec extends QueuedExec {
  private static final int QUEUE_BYTES = 64 << 10;
  private static final int KEPT_BYTES = 4 << 10;
  private static final int DYING_SECONDS = 1;

  /** What runsc exits with where it could not run the command; its stderr has why. */
  private static final int NOT_RUN = 128;

  private static final int NOT_FOUND = 127;
  private static final int NOT_EXECUTABLE = 126;

  private final Process runsc;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  /**
   * @param name of its threads
   * @param atEnd called once
   */
  RunscExec(Process runsc, String name, Runnable atEnd) {
    super(QUEUE_BYTES);
    this.runsc = runsc;
    var output =
        List.of(
            StreamPump.from(name, runsc.getInputStream(), stdout),
            StreamPump.from(name, new Heard(runsc.getErrorStream()), stderr));
    var _ = StreamPump.into(name, stdin, runsc.getOutputStream(), () -> {});
    Thread.ofVirtual().name(name + "-ended").start(() -> ended(output, atEnd));
  }

  private void ended(List<StreamPump> output, Runnable atEnd) {
    try {
      int code = runsc.waitFor();
      stdin.close();
      atEnd.run();
      if (code != NOT_RUN) {
        exit.complete(code);
      }
      StreamPump.awaitLastWords(output);
      if (code == NOT_RUN) {
        exit.complete(asShell());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      endOutput();
    }
  }

  private int asShell() {
    String why = said.toString(StandardCharsets.UTF_8);
    if (why.contains("no such file or directory") || why.contains("not found")) {
      return NOT_FOUND;
    }
    return why.contains("permission denied") ? NOT_EXECUTABLE : NOT_RUN;
  }

  /** Keeps the beginning of what is read. */
  private final class Heard extends FilterInputStream {
    Heard(InputStream from) {
      super(from);
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int count = super.read(bytes, from, length);
      said.write(bytes, from, Math.clamp(count, 0, KEPT_BYTES - said.size()));
      return count;
    }
  }

  @Override
  public void close() {
    super.close();
    if (!exit.isDone()) {
      // it passes the signal on; the process's own 'destroy' would wait for who writes to it
      ProcessHandle handle = runsc.toHandle();
      handle.destroy();
      CompletableFuture.delayedExecutor(DYING_SECONDS, TimeUnit.SECONDS)
          .execute(handle::destroyForcibly);
    }
  }
}
