package dev.skep.apiserver;

import dev.skep.sandbox.ByteQueue;
import dev.skep.sandbox.ExecProcess;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * Prints its command line to stdout, what it reads to stderr, its sizes to stdout, and exits with 3
 * when its input ends.
 */
final class FakeCommand implements ExecProcess {
  private final ByteQueue stdin = new ByteQueue(1 << 10);
  private final ByteQueue stdout = new ByteQueue(1 << 10);
  private final ByteQueue stderr = new ByteQueue(1 << 10);
  private final CompletableFuture<Integer> exit = new CompletableFuture<>();

  FakeCommand(ExecSpec command) {
    stdout.offer(String.join(" ", command.argv()).getBytes(StandardCharsets.UTF_8));
    if (!command.stdin()) {
      stdin.end();
    }
    Thread.ofVirtual().name("fake-command").start(this::run);
  }

  private void run() {
    try {
      stdin.reader().transferTo(stderr.writer());
      stdout.end();
      stderr.end();
      exit.complete(3);
    } catch (IOException e) {
      close();
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
  public void resize(TerminalSize size) {
    stdout.offer((" " + size.columns() + "x" + size.rows()).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public CompletableFuture<Integer> onExit() {
    return exit;
  }

  @Override
  public void close() {
    exit.complete(137);
    stdin.close();
    stdout.close();
    stderr.close();
  }
}
