package dev.skep.apiserver;

import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.QueuedExec;
import dev.skep.sandbox.TerminalSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Prints its command line to stdout, what it reads to stderr, its sizes to stdout, and exits with 3
 * when its input ends.
 */
final class FakeCommand extends QueuedExec {

  FakeCommand(ExecSpec command) {
    super(1 << 10);
    stdout.offer(String.join(" ", command.argv()).getBytes(StandardCharsets.UTF_8));
    if (!command.stdin()) {
      stdin.end();
    }
    Thread.ofVirtual().name("fake-command").start(this::run);
  }

  private void run() {
    try {
      stdin.reader().transferTo(stderr.writer());
      endOutput();
      exit.complete(3);
    } catch (IOException e) {
      close();
    }
  }

  @Override
  public void resize(TerminalSize size) {
    stdout.offer((" " + size.columns() + "x" + size.rows()).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    exit.complete(137);
    super.close();
  }
}
