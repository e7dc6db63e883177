package dev.skep.testkit;

import dev.skep.sandbox.ByteQueue;
import dev.skep.sandbox.ExecSpec;
import dev.skep.sandbox.QueuedExec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** One scripted command: a thread between queues. */
final class FakeExec extends QueuedExec {
  private static final int QUEUE_BYTES = 16 << 10;
  private static final int KILLED = 137;

  private final List<String> argv;
  private final FakeMounts mounts;

  FakeExec(ExecSpec command, FakeMounts mounts) {
    super(QUEUE_BYTES);
    this.argv = command.argv();
    this.mounts = mounts;
    if (!command.stdin()) {
      stdin.end();
    }
    Thread.ofVirtual().name("fake-exec").start(this::run);
  }

  private void run() {
    try {
      int code = program();
      endOutput();
      exit.complete(code);
    } catch (IOException e) {
      close();
    }
  }

  private int program() throws IOException {
    return switch (FakeProgram.named(argv.getFirst()).orElse(FakeProgram.SERVE)) {
      case ECHO -> print(stdout, String.join(" ", argv.subList(1, argv.size())) + "\n", 0);
      case CAT -> copy(stdin.reader(), stdout.writer());
      case EXIT -> Integer.parseInt(argv.get(1));
      case READ -> {
        byte[] content = mounts.read(argv.get(1)).orElse(null);
        yield content == null ? 1 : write(content);
      }
      case WRITE -> {
        var all = new ByteArrayOutputStream();
        copy(stdin.reader(), all);
        yield mounts.write(argv.get(1), all.toByteArray()) ? 0 : 1;
      }
      case FLOOD -> {
        long left = Long.parseLong(argv.get(1));
        byte[] chunk = new byte[QUEUE_BYTES];
        for (; left > 0; left -= chunk.length) {
          write(Arrays.copyOf(chunk, (int) Math.min(left, chunk.length)));
        }
        yield print(stderr, "done\n", 0);
      }
      case HANG -> exit.join();
      case SERVE, STUBBORN, CRASH -> print(stderr, String.join(" ", argv) + ": not found\n", 127);
    };
  }

  private static int print(ByteQueue to, String text, int code) throws IOException {
    to.writer().write(text.getBytes(StandardCharsets.UTF_8));
    return code;
  }

  private int write(byte[] bytes) throws IOException {
    stdout.writer().write(bytes);
    return 0;
  }

  /** Each piece as it comes. */
  private static int copy(InputStream from, OutputStream to) throws IOException {
    from.transferTo(to);
    return 0;
  }

  @Override
  public void close() {
    exit.complete(KILLED);
    super.close();
  }
}
