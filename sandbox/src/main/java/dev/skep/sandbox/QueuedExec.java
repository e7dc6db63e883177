package dev.skep.sandbox;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;

/**
 * A command whose three streams are queues, with somebody who carries their bytes to it and from
 * it. Without a terminal, unless {@link #resize} says otherwise.
 */
public abstract class QueuedExec implements ExecProcess {
  protected final ByteQueue stdin;
  protected final ByteQueue stdout;
  protected final ByteQueue stderr;
  protected final CompletableFuture<Integer> exit = new CompletableFuture<>();

  /**
   * @param capacity of each queue, in bytes
   */
  protected QueuedExec(int capacity) {
    this.stdin = new ByteQueue(capacity);
    this.stdout = new ByteQueue(capacity);
    this.stderr = new ByteQueue(capacity);
  }

  @Override
  public OutputStream stdin() {
    return stdin.writer();
  }

  @Override
  public final InputStream stdout() {
    return stdout.reader();
  }

  @Override
  public final InputStream stderr() {
    return stderr.reader();
  }

  @Override
  public void resize(TerminalSize size) {}

  @Override
  public final CompletableFuture<Integer> onExit() {
    return exit;
  }

  /** Nothing more is written: who has read all of its output is at the end. */
  protected final void endOutput() {
    stdout.end();
    stderr.end();
  }

  /** Ends its streams; to kill it is the rest of it. */
  @Override
  public void close() {
    stdin.close();
    stdout.close();
    stderr.close();
  }
}
