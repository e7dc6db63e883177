package dev.skep.daemon;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code skepd}: runs one task of the daemon and exits. */
public final class Main {
  /** Exit code of a daemon whose state folder another one has. */
  static final int IN_USE = 75;

  /** Longer than any drain, so that only a part that hangs is cut off. */
  private static final long CLOSE_LIMIT_SECONDS = 120;

  private Main() {}

  /** Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 state folder in use. */
  public static void main(String[] args) {
    Logs.toConsole();
    int code;
    try {
      code = run(DaemonOptions.parse(args));
    } catch (SkepException e) {
      System.err.println("skepd: " + e.getMessage());
      code = exitCode(e.code());
    } catch (InterruptedException e) {
      code = 130;
    } catch (Throwable e) {
      System.err.println("skepd: unexpected: " + e);
      e.printStackTrace();
      code = 1;
    }
    System.exit(code);
  }

  private static int exitCode(Code code) {
    return switch (code) {
      case INVALID -> 2;
      case CONFLICT -> IN_USE;
      case NOT_FOUND,
          ALREADY_EXISTS,
          UNAUTHORIZED,
          FORBIDDEN,
          GONE,
          UNAVAILABLE,
          TIMEOUT,
          EXHAUSTED,
          UNSUPPORTED,
          INTERNAL ->
          1;
    };
  }

  private static int run(DaemonOptions options) throws InterruptedException, IOException {
    return switch (options.task()) {
      case SERVE -> serve(options);
      case STOP_SANDBOXES -> sweep(options);
      case DOCTOR -> new Doctor(options).run();
    };
  }

  private static int sweep(DaemonOptions options) throws InterruptedException {
    int stopped = Sweep.run(options);
    System.err.println("stopped " + stopped + (stopped == 1 ? " instance" : " instances"));
    return 0;
  }

  /** Serves until SIGTERM or SIGINT, then drains: the JVM waits for its shutdown hook. */
  private static int serve(DaemonOptions options) throws InterruptedException {
    var stop = new CountDownLatch(1);
    var stopped = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              stop.countDown();
              try {
                if (!stopped.await(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                  System.err.println(
                      "skepd: not closed after " + CLOSE_LIMIT_SECONDS + " s: cut off");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    try (var _ = Daemon.start(options)) {

      stop.await();
    } finally {
      stopped.countDown();
    }
    return 0;
  }
}
