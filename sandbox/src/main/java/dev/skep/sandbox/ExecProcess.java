package dev.skep.sandbox;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;

/**
 * A command that runs inside a sandbox, and its streams. Each stream suits one virtual thread and
 * holds a bounded number of bytes: a command that nobody reads from waits, and so does who writes
 * to one that does not read. Whoever has begun it closes it.
 */
public interface ExecProcess extends AutoCloseable {
  /**
   * What the command reads. Closing it is the end of its input; at a terminal it is nothing, for
   * there the user ends the input with a key. Fails once the command has ended.
   */
  OutputStream stdin();

  /** What the command writes, as it comes; ends soon after the command has ended. */
  InputStream stdout();

  /** As {@link #stdout}; empty where it has a terminal. */
  InputStream stderr();

  /** Changes the size of its terminal, of which it is told by a signal; otherwise nothing. */
  void resize(TerminalSize size);

  /**
   * Its exit code, 128 and the signal's number where a signal has ended it. A command that cannot
   * be run ends as in a shell, with 126 or 127 and the reason on stderr (at a terminal: on stdout).
   * Fails with {@link dev.skep.api.SkepException} UNAVAILABLE where its sandbox has gone first.
   */
  CompletableFuture<Integer> onExit();

  /**
   * Kills the command, if it still runs, with all of its process group, and lets its streams go.
   * Idempotent. What is not read by then is lost.
   */
  @Override
  void close();
}
